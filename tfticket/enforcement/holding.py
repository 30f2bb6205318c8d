"""What keeps masks in force on a model: constraints, hooks and watched writes, for any owner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tfticket._optimizers import Slot
from tfticket.enforcement.changes import Changes, are_few, places_that_differ
from tfticket.enforcement.constraint import constrain, unconstrain
from tfticket.enforcement.dense_gradients import DenseGradients
from tfticket.enforcement.hook import Hook
from tfticket.enforcement.movement import MovementSums
from tfticket.enforcement.projection import project
from tfticket.enforcement.pruned_weight import PrunedWeight
from tfticket.enforcement.writes import unwatch, watch
from tfticket.masks import Masks
from tfticket.retracing import retrace

__all__ = ["Holding"]


class Holding:
    """Holds the pruned weights of one model at their values until it is let go.

    Steps that Keras has traced refer to its variables. So it outlives the `Enforcement` that made
    it where another one takes over just the same weights: it has another owner then, and nothing
    is traced again.

    Args:
        model: a built model of either Keras.
        variables: the variables to mask, by path.
        masks: their masks.
        values: what their pruned positions hold, by path; `None` means 0.

    Attributes:
        model: the model.
        owner: the `Enforcement` that it is in force for; `None` once it was let go.
        masks: the masks in force.
    """

    def __init__(
        self,
        model: Any,
        variables: Mapping[str, Any],
        masks: Masks,
        values: Mapping[str, np.ndarray] | None,
    ):
        self.model, self.masks = model, masks
        self.owner: Any = None
        with model.distribute_strategy.scope():
            self._pruned = {
                p: PrunedWeight(variables[p], m, None if values is None else values[p], self)
                for p, m in masks.items()
            }
        self._hooks: dict[Any, Hook] = {}
        self._changes: Changes | None = None
        for pruned in self._pruned.values():
            constrain(pruned)
        self._watched = watch(self, [w.variable for w in self._pruned.values()])
        retrace(model)

    def is_of(self, variables: Mapping[str, Any], values: Mapping[str, np.ndarray] | None) -> bool:
        """Tells whether it masks just these variables, at values of the same kind.

        Args:
            variables: by path.
            values: what pruned positions are to hold, by path; `None` means 0.
        """
        own = {p: w.variable for p, w in self._pruned.items()}
        is_same = own.keys() == variables.keys() and all(own[p] is v for p, v in variables.items())
        return is_same and all(w.is_zero == (values is None) for w in self._pruned.values())

    def take(self, masks: Masks, values: Mapping[str, np.ndarray] | None) -> None:
        """Holds what another owner brings; `project` has to follow.

        Args:
            masks: of the paths and shapes of those in force.
            values: what pruned positions hold from now on, if `is_of` says that they may.
        """
        if values is not None:
            for path, pruned in self._pruned.items():
                pruned.hold(values[path])
        self.put(masks)

    def attach(self, optimizer: Any, *, is_own: bool) -> None:
        """Masks the gradients an optimizer is given, unless it does so already.

        Args:
            optimizer: of the Keras of the model.
            is_own: whether the model is compiled with it; it then takes the place of another.
        """
        place = "own" if is_own else id(optimizer)
        earlier = self._hooks.get(place)
        if earlier is not None and earlier.optimizer is optimizer:
            return
        if earlier is not None:
            earlier.remove()
        self._hooks[place] = hook = Hook(optimizer, list(self._pruned.values()))
        hook.clear_slots()
        retrace(self.model)

    def gather_gradients(self, every: int) -> DenseGradients:
        """Holds the dense gradients that the model's own optimizer is given.

        Args:
            every: updates from one that is held to the next.
        """
        hook = self._hooks["own"]
        earlier, found = hook.dense_gradients, hook.gather(every)
        if found is not earlier:
            retrace(self.model)
        return found

    def sum_movement(self, earlier: MovementSums | None) -> MovementSums:
        """Sums how far weights move by what the model's own optimizer is given.

        Args:
            earlier: sums to go on with, if there are any.
        """
        hook = self._hooks["own"]
        before, found = hook.movement, hook.sum_movement(earlier)
        if found is not before:
            retrace(self.model)
        return found

    def put(self, masks: Masks, places: Mapping[str, np.ndarray] | None = None) -> None:
        """Holds other masks of the same weights; what differs is set to its value, slots too.

        Everything else is where it belongs, unless something wrote to variables directly: then
        `project` puts it right.

        Args:
            masks: of the paths and shapes of those in force.
            places: where they differ from these, by path, in row-major order; `None` to look.
        """
        places = places_that_differ(self.masks, masks) if places is None else places
        self.masks = masks
        if not any(at.size for at in places.values()):
            return
        slots = self._slots()
        if self._changes is None or not self._changes.is_of(slots):
            self._changes = Changes(self._pruned, slots)
        if self._changes.is_possible and are_few(places, masks):
            self._changes(places, masks)
            return
        for path, pruned in self._pruned.items():
            pruned.put(masks[path])
        self.project()

    def project(self) -> None:
        """Sets pruned weights to their values and clears their slots."""
        project(self._pruned, self._slots(), self.masks)

    def num_moved(self) -> dict[str, int]:
        """Counts pruned weights that are not at their values, by path, where there are any."""
        counts = {p: w.num_moved(self.masks[p]) for p, w in self._pruned.items()}
        return {p: n for p, n in counts.items() if n}

    def put_back(self) -> tuple[int, int, int]:
        """Projects after something wrote weights, and says how far these were from the masks.

        Returns:
            Three numbers: pruned weights that were not at their values, pruned weights, and
            masked weights in all, kept or not.
        """
        num_moved = sum(self.num_moved().values())
        if num_moved:
            self.project()
        num_weights = self.masks.num_weights
        return num_moved, num_weights - self.masks.num_kept, num_weights

    def let_go(self) -> None:
        """Gives the model back as it was, with its own constraints and optimizer methods."""
        self.owner = None
        for hook in self._hooks.values():
            hook.remove()
        for pruned in self._pruned.values():
            unconstrain(pruned)
        unwatch(self, self._watched)
        self._hooks = {}
        retrace(self.model)

    def _slots(self) -> list[tuple[PrunedWeight, Slot]]:
        return [pair for hook in self._hooks.values() for pair in hook.slots()]
