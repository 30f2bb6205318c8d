"""One masked variable: what its mask does to values, gradients and slots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfticket import _keras
from tfticket._optimizers import Slot

__all__ = ["PrunedWeight"]


class PrunedWeight:
    """One masked variable. As the variable's constraint it puts pruned weights back."""

    def __init__(
        self,
        variable: Any,
        mask: np.ndarray,
        values: np.ndarray | None,
        release: Callable[[], None],
    ):
        self.release = release
        self.variable = variable
        self.mask = tf.Variable(mask, trainable=False, name="mask")
        dtype = _keras.value_of(variable).dtype
        self.values = None if values is None else tf.Variable(values, trainable=False, dtype=dtype)
        self.users_constraint = variable.constraint

    def __call__(self, weight: Any) -> tf.Tensor:
        if self.users_constraint is not None:
            weight = self.users_constraint(weight)
        return self.projected(tf.convert_to_tensor(weight))

    def constrain(self) -> None:
        _set_constraint(self.variable, self)

    def unconstrain(self) -> None:
        _set_constraint(self.variable, self.users_constraint)

    def masked(self, gradient: Any) -> Any:
        """Returns a gradient, dense or sparse, that is 0 at pruned weights."""
        if isinstance(gradient, tf.IndexedSlices):
            mask = tf.gather(tf.convert_to_tensor(self.mask), gradient.indices)
            kept = _keep(gradient.values, mask)
            return tf.IndexedSlices(kept, gradient.indices, gradient.dense_shape)
        return _keep(gradient, self.mask)

    def projected(self, weight: tf.Tensor) -> tf.Tensor:
        """Returns the weight with pruned positions at their values."""
        if self.values is None:
            return _keep(weight, self.mask)
        return tf.where(self.mask, weight, tf.cast(self.values, weight.dtype))

    def cleared(self, slot: Slot) -> tf.Tensor:
        """Returns a slot that carries nothing about pruned positions."""
        value = _keras.value_of(slot.variable)
        if slot.is_average:
            return self.projected(value)
        if slot.initial == 0:
            return _keep(value, self.mask)
        return tf.where(self.mask, value, tf.cast(slot.initial, value.dtype))

    def num_moved(self) -> int:
        """Counts pruned positions that are not at their values; NaN counts too."""
        value, kept = _keras.to_numpy(self.variable), self.mask.numpy()
        expected = 0 if self.values is None else self.values.numpy()
        return int(np.count_nonzero((value != expected) & ~kept))


def _keep(values: tf.Tensor, mask: Any) -> tf.Tensor:
    # Unlike a product it gives 0 for NaN and inf, and never -0; `tf.where` takes longer.
    return tf.math.multiply_no_nan(values, tf.cast(mask, values.dtype))


def _set_constraint(variable: Any, constraint: Any) -> None:
    if _keras.flavour_or_none(variable) == "keras":
        variable.constraint = constraint
        return
    native = getattr(variable, "_variable", variable)  # tf_keras' mixed precision wraps it
    for part in getattr(native, "_values", (native,)):  # one per device of a strategy
        part._constraint = constraint
