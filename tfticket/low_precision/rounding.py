"""Tensors rounded on their way forward, and what comes back to them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from tfticket import _keras
from tfticket.low_precision.formats import Precision

__all__ = ["Rounding"]


class Rounding:
    """Rounds weights and activations forward, gradients and errors backward.

    Args:
        precision: the formats.
        seed: of rounding at random.
        step: returns the variable that counts optimizer updates.
    """

    def __init__(self, precision: Precision, seed: int, step: Callable[[], Any]):
        self._precision, self._seed, self._step = precision, seed, step

    def begin(self) -> None:
        """Begins with a call of the model: places in it are counted from here."""
        self._places: Iterator[int] = itertools.count()
        if self._precision.is_random:  # read here, since errors may come back inside a loop
            self._at = tf.cast(_keras.value_of(self._step()), tf.int64)

    def weight(self, variable: Any) -> Any:
        """Returns a variable of either Keras rounded; its gradient is rounded where it leaves."""
        return self._through(tf.convert_to_tensor(_keras.native(variable)))

    def values(self, structure: Any) -> Any:
        """Returns the float32 tensors of a structure rounded, and everything else as it is."""
        return tf.nest.map_structure(self._value, structure)

    def _value(self, tensor: Any) -> Any:
        if not isinstance(tensor, tf.Tensor) or tensor.dtype != tf.float32:
            return tensor
        found = self._through(tensor)
        if hasattr(tensor, "_keras_mask"):  # which Masking leaves on what it returns
            found._keras_mask = tensor._keras_mask
        return found

    def _through(self, tensor: Any) -> Any:
        place = next(self._places)

        @tf.custom_gradient
        def rounded(x: Any) -> Any:
            return self._precision.forward.rounded(x), lambda error: self._back(error, place)

        return rounded(tensor)

    def _back(self, error: Any, place: int) -> Any:
        if isinstance(error, tf.IndexedSlices):  # of a weight that is looked up in
            return tf.IndexedSlices(
                self._back(error.values, place), error.indices, error.dense_shape
            )
        noise = None
        if self._precision.is_random:
            seed = tf.stack([tf.constant(self._seed * 100_003 + place, tf.int64), self._at])
            noise = tf.random.stateless_uniform(tf.shape(error), seed)
        return self._precision.backward.rounded(error, noise)
