"""enforce: masks in force on a model, from now until released."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from tfticket import weights
from tfticket.enforcement.changes import after_moves, as_places, places_moved
from tfticket.enforcement.constraint import pruned_weight_of
from tfticket.enforcement.dense_gradients import DenseGradients
from tfticket.enforcement.holding import Holding
from tfticket.enforcement.movement import MovementSums
from tfticket.enforcement.obstacles import require_multiplied
from tfticket.errors import EnforcementError
from tfticket.masks import Masks, check_same_paths

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
        earlier = pruned_weight_of(self._variables[next(iter(self._masks))])
        is_same = earlier is not None and earlier.holding.is_of(self._of_masks(), values)
        if earlier is not None and is_same:
            self._holding = earlier.holding
            self._holding.take(self._masks, values)
        else:
            self._take_over()
            self._holding = Holding(model, self._of_masks(), self._masks, values)
        self._holding.owner = self
        optimizer = getattr(model, "optimizer", None)
        if optimizer is not None:
            self._holding.attach(optimizer, is_own=True)
        self.project()

    def _of_masks(self) -> dict[str, Any]:
        return {p: self._variables[p] for p in self._masks}

    @property
    def masks(self) -> Masks:
        """The masks in force, under the model's own weight paths."""
        return self._masks

    @property
    def is_released(self) -> bool:
        """Whether the masks are no longer in force."""
        return self._holding.owner is not self

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
        self._holding.attach(optimizer, is_own=optimizer is own)

    def _take_over(self) -> None:
        """Releases who had masks on these weights, and says what else is released with them."""
        own = {id(self._variables[p]) for p in self._masks}
        for path in self._masks:
            earlier = pruned_weight_of(self._variables[path])
            if earlier is None:
                continue
            owner = earlier.holding.owner
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
        self._holding.put(masks)

    def move(
        self, dropped: Mapping[str, np.ndarray], grown: Mapping[str, np.ndarray] | None = None
    ) -> None:
        """Masks out weights at some places and keeps those at others; nothing is traced again.

        The same as `update`, for those who know where masks change: what methods do that move
        masks while they train. A weight that is kept again starts from its pruned value, and its
        slots as at their creation.

        Args:
            dropped: integers by path: places in row-major order that are masked from now on.
            grown: places that are kept from now on, likewise; of those in both, that holds.

        Raises:
            MismatchError: if a path is not masked.
            IndexError: if there is no such place.
            TypeError: if places are no integers.
        """
        self._require_in_force()
        dropped, grown = as_places(dropped), as_places(grown or {})
        before, self._masks = self._masks, after_moves(self._masks, dropped, grown)
        places = places_moved(before, self._masks, dropped, grown)
        self._holding.put(self._masks, places)

    def gather_gradients(self, every: int) -> DenseGradients:
        """Holds the gradient of every so manyth update, of pruned weights too, for methods that
        let those grow which would move most.

        Args:
            every: optimizer updates from one that is held to the next, counted from step 0.

        Raises:
            ValueError: if the model is not compiled.
        """
        self.attach()
        return self._holding.gather_gradients(every)

    def sum_movement(self, earlier: MovementSums | None = None) -> MovementSums:
        """Sums `−w · ∂L/∂w` from now on, for methods that keep what moves away from zero.

        Args:
            earlier: sums of the same weights to go on with, from before another `compile`.

        Raises:
            ValueError: if the model is not compiled, or is trained on several devices.
        """
        self.attach()
        num_devices = self.model.distribute_strategy.num_replicas_in_sync
        if num_devices > 1:
            raise ValueError(
                "`model` must be trained on one device: what several gather is not summed up."
                f" Received: {num_devices} devices"
            )
        return self._holding.sum_movement(earlier)

    def project(self) -> None:
        """Sets pruned weights to their values and clears their slots.

        Steps need no help; call it after something else wrote weights or optimizer state.
        """
        self._require_in_force()
        self._holding.project()

    def put_back(self) -> tuple[int, int, int]:
        """Projects after something wrote weights, and says how far these were from the masks.

        Returns:
            Three numbers: pruned weights that were not at their values, pruned weights, and
            masked weights in all, kept or not.
        """
        return self._holding.put_back()

    def check(self) -> None:
        """Raises `EnforcementError` if a pruned weight is not exactly at its value."""
        self._require_in_force()
        wrong = self._holding.num_moved()
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
        if not self.is_released:
            self._holding.let_go()

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
    return list({id(w.holding): w.holding.owner for w in held if w is not None}.values())


def masks_in_force(model: Any) -> Masks | None:
    """Returns the masks that are enforced on a model just now; `None` if there are none.

    Args:
        model: a built model of either Keras.
    """
    found = {p: mask for one in in_force(model) for p, mask in one.masks.items()}
    return Masks({p: found[p] for p in weights.variables(model) if p in found}) if found else None
