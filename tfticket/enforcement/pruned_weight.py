"""One masked variable: what its mask does to values, gradients and slots."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from tfticket import _keras
from tfticket._optimizers import Slot

__all__ = ["PrunedWeight"]

#: Up to so many weights a mask is held as numbers, four bytes each, beyond as one byte: numbers
#: spare every step the conversion, some 3 % of a step of LeNet-300-100.
_MAX_NUMBERS = 2**22


class PrunedWeight:
    """One masked variable; called with a value of it, it puts pruned weights back.

    Args:
        variable: the variable, of either Keras.
        mask: boolean, of its shape, True = kept.
        values: what pruned weights hold, of its shape; `None` means 0.
        holding: the `Holding` that this belongs to.
    """

    def __init__(
        self,
        variable: Any,
        mask: np.ndarray,
        values: np.ndarray | None,
        holding: Any,
    ):
        self.holding = holding
        self.variable = variable
        dtype = _keras.value_of(variable).dtype
        held = dtype if mask.size <= _MAX_NUMBERS else tf.bool
        self._mask = tf.Variable(tf.cast(mask, held), trainable=False, name="mask")
        self.is_zero = values is None
        self._values: Any = 0
        if values is not None:
            self._values = tf.Variable(tf.cast(values, dtype), trainable=False)
        self.users_constraint = variable.constraint

    def __call__(self, weight: Any) -> tf.Tensor:
        if self.users_constraint is not None:
            weight = self.users_constraint(weight)
        return self.projected(tf.convert_to_tensor(weight))

    @property
    def mask(self) -> np.ndarray:
        """The mask in force, a boolean copy."""
        return self._mask.numpy() != 0

    @property
    def held(self) -> Any:
        """What pruned positions hold: 0, or an array to read at once."""
        return 0 if self.is_zero else _keras.view(self._values)

    @property
    def num_bytes(self) -> int:
        """Memory that the mask takes while it is in force."""
        return int(tf.size(self._mask)) * self._mask.dtype.size

    def put(self, mask: np.ndarray) -> None:
        """Holds another mask of the same shape."""
        self._mask.assign(tf.cast(mask, self._mask.dtype))

    def hold(self, values: np.ndarray) -> None:
        """Takes other values for pruned positions than those it was made with."""
        self._values.assign(tf.cast(values, self._values.dtype))

    def put_at(self, at: tf.Tensor, kept: tf.Tensor, slots: Iterable[Slot]) -> None:
        """Holds another mask at some places, and sets weight and slots there.

        A weight that was pruned is at its value already, so what is kept again is set to it too.

        Args:
            at: integers [places, axes].
            kept: integers [places], 1 where the weight is kept from now on and 0 where it is not.
            slots: what optimizers keep beside the weight.
        """
        nothing = tf.zeros_like(kept, _keras.native(self.variable).dtype)
        held = nothing if self.is_zero else tf.gather_nd(self._values, at)
        _write_at(self._mask, at, kept)
        _write_at(self.variable, at, held)
        for slot in slots:
            fresh = nothing + slot.initial if slot.initial else nothing
            _write_at(slot.variable, at, held if slot.is_average else fresh)

    def masked(self, gradient: Any) -> Any:
        """Returns a gradient, dense or sparse, that is 0 at pruned weights."""
        if isinstance(gradient, tf.IndexedSlices):
            mask = tf.gather(tf.convert_to_tensor(self._mask), gradient.indices)
            kept = _keep(gradient.values, mask)
            return tf.IndexedSlices(kept, gradient.indices, gradient.dense_shape)
        return _keep(gradient, self._mask)

    def projected(self, weight: tf.Tensor) -> tf.Tensor:
        """Returns the weight with pruned positions at their values."""
        if self.is_zero:
            return _keep(weight, self._mask)
        return tf.where(self._kept, weight, tf.cast(self._values, weight.dtype))

    def cleared(self, slot: Slot) -> tf.Tensor:
        """Returns a slot that carries nothing about pruned positions."""
        value = _keras.value_of(slot.variable)
        if slot.is_average:
            return self.projected(value)
        if not slot.initial:
            return _keep(value, self._mask)
        return tf.where(self._kept, value, tf.cast(slot.initial, value.dtype))

    @property
    def _kept(self) -> tf.Tensor:
        return tf.cast(self._mask, tf.bool)

    def num_moved(self, mask: np.ndarray) -> int:
        """Counts pruned positions that are not at their values; NaN counts too.

        Args:
            mask: the mask in force.
        """
        moved = _keras.view(self.variable) != self.held
        return int(np.count_nonzero(np.greater(moved, mask)))


def _write_at(variable: Any, at: tf.Tensor, values: tf.Tensor) -> None:
    """Writes into a variable's own memory; it is copied first if anyone else still reads it."""
    native = _keras.native(variable)
    values = tf.cast(values, native.dtype)
    tf.raw_ops.ResourceScatterNdUpdate(ref=native.handle, indices=at, updates=values)
    # After a write at places TensorFlow copies the variable at every reading, unless told that no
    # other such write will come while it is read.
    tf.raw_ops.DisableCopyOnRead(resource=native.handle)


def _keep(values: tf.Tensor, mask: Any) -> tf.Tensor:
    # Unlike a product it gives 0 for NaN and inf, and never -0. It works in place where
    # `tf.where` would need memory, and so takes less time inside a step.
    return tf.math.multiply_no_nan(values, tf.cast(mask, values.dtype))
