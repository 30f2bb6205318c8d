"""The place where gradients enter an optimizer, and what is done to them there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfticket import _keras, _optimizers
from tfticket._optimizers import Slot
from tfticket.enforcement.constraint import constrain, unconstrain
from tfticket.enforcement.dense_gradients import DenseGradients
from tfticket.enforcement.movement import MovementSums
from tfticket.enforcement.pruned_weight import PrunedWeight

__all__ = ["Hook"]


class Hook:
    """Stands in for the method through which one optimizer instance is given gradients.

    Args:
        optimizer: an optimizer of either Keras.
        pruned: the masked variables of a model that it trains.
    """

    def __init__(self, optimizer: Any, pruned: Sequence[PrunedWeight]):
        self.optimizer = optimizer
        self._weights = list(pruned)
        self.dense_gradients: DenseGradients | None = None
        self.movement: MovementSums | None = None
        self._listed: list[tuple[PrunedWeight, Slot]] = []
        self._listed_at: list[int] | None = None
        self._pruned = {_optimizers.key(w.variable): w for w in pruned}
        # What these optimizers leave at 0 needs no constraint: that would read and write every
        # weight once more, 6 % of a step of LeNet-300-100.
        self._needs_constraint = not (
            _optimizers.is_elementwise(optimizer) and all(w.is_zero for w in pruned)
        )
        is_keras3 = _keras.flavour(optimizer) == "keras"
        self._name = "apply" if is_keras3 else "apply_gradients"
        self._original = getattr(optimizer, self._name)
        self._replaced = vars(optimizer).get(self._name)
        self._installed = self._apply if is_keras3 else self._apply_gradients
        # Past `__setattr__`, which tracks what it is given as part of the optimizer.
        vars(optimizer)[self._name] = self._installed

    def gather(self, every: int) -> DenseGradients:
        """Holds the dense gradients of every so manyth update from the next trace on.

        Args:
            every: updates from one to the next.
        """
        if self.dense_gradients is None or self.dense_gradients.every != every:
            self.dense_gradients = DenseGradients(self.optimizer, self._weights, every)
        return self.dense_gradients

    def sum_movement(self, earlier: MovementSums | None) -> MovementSums:
        """Sums how far weights move from the next trace on.

        Args:
            earlier: sums to go on with, if there are any.
        """
        if self.movement is None or not self.movement.continues(earlier):
            self.movement = MovementSums(self.optimizer, self._weights, earlier)
        return self.movement

    def remove(self) -> None:
        """Puts the optimizer's own method back."""
        self._pruned = {}  # no effect either, should another hook have been put over this one
        if vars(self.optimizer).get(self._name) is not self._installed:
            return
        del vars(self.optimizer)[self._name]
        if self._replaced is not None:
            vars(self.optimizer)[self._name] = self._replaced

    def slots(self) -> list[tuple[PrunedWeight, Slot]]:
        """Lists the optimizer's slots of pruned weights; none before it has created them."""
        made = _optimizers.num_variables(self.optimizer)
        if made != self._listed_at:  # since the last look it has created some
            self._listed_at = made
            self._listed = [
                (w, s) for w in self._weights for s in _optimizers.slots(self.optimizer, w.variable)
            ]
        return self._listed

    def clear_slots(self) -> None:
        """Sets the optimizer's slots of pruned weights to what they are created with."""
        for weight, slot in self.slots():
            slot.variable.assign(weight.cleared(slot))

    def _apply(self, grads: Any, trainable_variables: Any = None) -> Any:
        """Keras 3, where `apply_gradients` and loss scaling end in `apply` too."""
        given = None if trainable_variables is None else list(trainable_variables)
        variables = self.optimizer._trainable_variables if given is None else given
        return self._step(grads, variables, lambda masked: self._original(masked, given))

    def _apply_gradients(self, grads_and_vars: Any, *args: Any, **options: Any) -> Any:
        """tf_keras, where `minimize` ends here and clipping comes after it."""
        pairs = list(grads_and_vars)
        grads, variables = [g for g, _ in pairs], [v for _, v in pairs]

        def call(masked: Any) -> Any:
            return self._original(list(zip(masked, variables, strict=True)), *args, **options)

        return self._step(grads, variables, call)

    def _step(self, grads: Any, variables: Any, call: Callable[[list[Any]], Any]) -> Any:
        for gatherer in (self.dense_gradients, self.movement):
            if gatherer is not None and self._pruned:
                gatherer.take(grads, variables)
        found = [self._pruned.get(_optimizers.key(v)) for v in variables]
        masked = [
            g if w is None or g is None else w.masked(g) for g, w in zip(grads, found, strict=True)
        ]
        pruned = [w for w in found if w is not None]
        if self._needs_constraint:
            result = call(masked)
            self.clear_slots()  # an average of the weights has seen them move
            return result
        # A user's own constraint may move a 0, so ours then stays to come after it.
        unneeded = [w for w in pruned if w.users_constraint is None]
        for weight in unneeded:
            unconstrain(weight)
        try:
            return call(masked)
        finally:
            for weight in unneeded:
                constrain(weight)
