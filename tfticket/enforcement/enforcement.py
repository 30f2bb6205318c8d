"""enforce: masks in force on a model, from now until released."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from tfticket import weights
from tfticket.enforcement.constraint import constrain, pruned_weight_of, unconstrain
from tfticket.enforcement.hook import Hook
from tfticket.enforcement.obstacles import require_multiplied
from tfticket.enforcement.projection import Projection
from tfticket.enforcement.pruned_weight import PrunedWeight
from tfticket.enforcement.writes import unwatch, watch
from tfticket.errors import EnforcementError
from tfticket.masks import Masks, check_same_paths
from tfticket.retracing import retrace

__all__ = ["Enforcement", "enforce", "in_force", "masks_in_force"]


def enforce(
    model: Any, masks: Masks, *, pruned_values: Mapping[str, np.ndarray] | None = None
) -> Enforcement:
    """Keeps pruned weights at their values, and out of the optimizer, until released.

    Args:
        model: a built model of either Keras. If it is compiled, its optimizer is attached; after
            another `compile`, or for another optimizer, call `Enforcement.attach`.
        masks: the kept weights by path; variables without a mask train as ever.
        pruned_values: arrays by path, of the shapes of the masks, whose values at pruned
            positions the pruned weights hold; `None` means 0.

    Returns:
        The `Enforcement`, in force; also a context manager that releases itself. One that is in
        force on any of the same weights is released first.

    What is written into the model by `set_weights` or `load_weights` meanwhile, its own or a
    layer's, obeys the masks too; a warning says how much of it was pruned again.

    Raises:
        TypeError: if a mask is not boolean.
        MismatchError: if a path or shape is not the model's.
        EnforcementError: if a layer does not multiply by its masked weight, as under LoRA.

    Example:
        with enforce(model, masks) as enforcement:
            model.fit(x, y)
            enforcement.update(smaller_masks)
            model.fit(x, y)
    """
    return Enforcement(model, masks, pruned_values)


class Enforcement:
    """Masks in force on one model; made by `enforce`.

    The optimizer's slots of pruned weights are as at their creation, 0 for most. Adafactor is the
    exception: it keeps means over rows and columns, from which what was pruned later fades.

    Once released, by its user or because others took its place, it raises `EnforcementError`.

    Args:
        model: as for `enforce`.
        masks: as for `enforce`.
        pruned_values: as for `enforce`.

    Attributes:
        model: the model.
    """

    def __init__(self, model: Any, masks: Masks, pruned_values: Mapping[str, np.ndarray] | None):
        self.model = model
        self._variables = weights.variables(model)
        self._masks = self._of_model(Masks(masks))
        values = None if pruned_values is None else self._of_model(pruned_values)
        if values is not None:
            check_same_paths(values, self._masks)
        require_multiplied(model, self._masks)
        self._take_over()
        with model.distribute_strategy.scope():
            self._pruned = {
                p: PrunedWeight(self._variables[p], m, None if values is None else values[p], self)
                for p, m in self._masks.items()
            }
        self._hooks: dict[Any, Hook] = {}
        self._projection = Projection(model.distribute_strategy)
        for pruned in self._pruned.values():
            constrain(pruned)
        self._watched = watch(self, [w.variable for w in self._pruned.values()])
        if getattr(model, "optimizer", None) is not None:
            self.attach()
        self.project()
        retrace(model)

    @property
    def masks(self) -> Masks:
        """The masks in force, under the model's own weight paths."""
        return self._masks

    @property
    def is_released(self) -> bool:
        """Whether the masks are no longer in force."""
        return not self._pruned

    def attach(self, optimizer: Any = None) -> None:
        """Masks the gradients an optimizer is given, and clears its slots of pruned weights.

        An optimizer that was not attached still leaves pruned weights at their values, but it
        collects their gradients in its slots and counts them when it clips by norm.

        Args:
            optimizer: the optimizer of a training loop of your own; attach it before a
                `tf.function` that uses it is traced. `None` means the one that the model is
                compiled with by now.

        Raises:
            ValueError: if there is none.
            EnforcementError: if a layer does not multiply by its masked weight, as under LoRA.
        """
        self._require_in_force()
        require_multiplied(self.model, self._masks)
        own = getattr(self.model, "optimizer", None)
        optimizer = own if optimizer is None else optimizer
        if optimizer is None:
            raise ValueError("`optimizer` must be given: the model is not compiled with any.")
        place = "own" if optimizer is own else id(optimizer)
        earlier = self._hooks.get(place)
        if earlier is not None and earlier.optimizer is optimizer:
            return
        if earlier is not None:
            earlier.remove()
        self._hooks[place] = hook = Hook(optimizer, list(self._pruned.values()))
        hook.clear_slots(list(self._pruned.values()))
        retrace(self.model)

    def _take_over(self) -> None:
        """Releases who had masks on these weights, and says what else is released with them."""
        own = {id(self._variables[p]) for p in self._masks}
        for path in self._masks:
            earlier = pruned_weight_of(self._variables[path])
            if earlier is None:
                continue
            owner = earlier.owner
            lost = [p for p, v in owner._variables.items() if p in owner.masks and id(v) not in own]
            owner.release()
            if lost and owner.model is not self.model:
                warnings.warn(
                    f"the model {owner.model.name!r} shares {path!r} with {self.model.name!r},"
                    f" whose masks take over: of its other weights none is masked any more: {lost}."
                    " Put masks in force on it again before it is trained on, as by"
                    " callbacks.EnforceMasks().",
                    UserWarning,
                    stacklevel=3,
                )

    def update(self, masks: Masks) -> None:
        """Puts other masks of the same paths in force; nothing is traced again.

        Weights and slots of what is pruned now are cleared at once. A weight that is kept again
        starts from its pruned value.

        Raises:
            MismatchError: if paths or shapes differ from those in force.
        """
        self._require_in_force()
        masks = self._of_model(Masks(masks))
        check_same_paths(masks, self._masks)
        self._masks = masks
        for path, pruned in self._pruned.items():
            pruned.put(masks[path])
        self.project()

    def project(self) -> None:
        """Sets pruned weights to their values and clears their slots.

        Steps need no help; call it after something else wrote weights or optimizer state.
        """
        self._require_in_force()
        hooks, pruned = list(self._hooks.values()), list(self._pruned.values())
        self._projection(pruned, [pair for hook in hooks for pair in hook.slots(pruned)])

    def put_back(self) -> tuple[int, int, int]:
        """Projects after something wrote weights, and says how far these were from the masks.

        Returns:
            Three numbers: pruned weights that were not at their values, pruned weights, and
            masked weights in all, kept or not.
        """
        num_moved = sum(w.num_moved() for w in self._pruned.values())
        if num_moved:
            self.project()
        num_weights = self._masks.num_weights
        return num_moved, num_weights - self._masks.num_kept, num_weights

    def check(self) -> None:
        """Raises `EnforcementError` if a pruned weight is not exactly at its value."""
        self._require_in_force()
        wrong = {p: n for p, w in self._pruned.items() if (n := w.num_moved())}
        if wrong:
            raise EnforcementError(
                f"pruned weights must stay at their values; so many by path did not: {wrong}."
                " Something wrote to the variables, or a step traced before the masks were in force"
                " went on running."
            )

    def release(self) -> None:
        """Gives the model back as it was, with its own constraints and optimizer methods.

        Weights keep their values; a further call does nothing.
        """
        if self.is_released:
            return
        for hook in self._hooks.values():
            hook.remove()
        for pruned in self._pruned.values():
            unconstrain(pruned)
        unwatch(self, self._watched)
        self._hooks, self._pruned = {}, {}
        retrace(self.model)

    def _require_in_force(self) -> None:
        if self.is_released:
            raise EnforcementError(
                "the masks must be in force, but they were released, or others were put in force on"
                " the same weights."
            )

    def __enter__(self) -> Enforcement:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()

    def _of_model(self, arrays: Any) -> Any:
        """Puts arrays under the model's own paths and checks their shapes."""
        renamed = weights.align(arrays, self._variables)
        found = {renamed[p]: a for p, a in arrays.items()}
        weights.check_shapes(found, self._variables)
        return Masks(found) if isinstance(arrays, Masks) else found


def in_force(model: Any) -> list[Enforcement]:
    """Returns everything that is enforced on a model just now, in the order of its weights.

    Args:
        model: a built model of either Keras.
    """
    held = map(pruned_weight_of, weights.variables(model).values())
    return list({id(w.owner): w.owner for w in held if w is not None}.values())


def masks_in_force(model: Any) -> Masks | None:
    """Returns the masks that are enforced on a model just now; `None` if there are none.

    Args:
        model: a built model of either Keras.
    """
    found = {p: mask for one in in_force(model) for p, mask in one.masks.items()}
    return Masks({p: found[p] for p in weights.variables(model) if p in found}) if found else None
