"""Number formats of few bits, as the float32 numbers that they can hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from tfticket import registry

__all__ = ["PRECISIONS", "NumberFormat", "Precision", "precision_of"]

_EXPONENT_BITS = 0x7F800000
#: Nothing is scaled by more: a tensor of smaller numbers is taken for zeros.
_SMALLEST = 2.0**-100


@dataclass(frozen=True)
class NumberFormat:
    """Numbers of few bits, each tensor with a scale of its own unless the format needs none.

    Args:
        name: as the field calls it.
        mantissa_bits: digits after the first one; `None` for integers.
        lowest_exponent: below 2 to it numbers lie as far apart as there; of floats.
        largest: what the largest magnitude of a tensor is scaled to: to just that for integers, to
            at most that by a power of two for floats. `None` leaves tensors unscaled.
    """

    name: str
    mantissa_bits: int | None = None
    lowest_exponent: int = 0
    largest: float | None = None

    def rounded(self, x: Any, noise: Any = None) -> Any:
        """Rounds a tensor to numbers of this format, halves to even.

        Args:
            x: float32, of any shape.
            noise: of the same shape in [0, 1), to round at random instead, up with the probability
                of the fraction; of integers only.

        Returns:
            A float32 tensor of the same shape. Where an infinity or NaN is in `x` there is a NaN.
        """
        if self.largest is None:
            return self._to_floats(x)
        scale = self._scale(tf.reduce_max(tf.abs(x)))
        if self.mantissa_bits is not None:
            return self._to_floats(x * scale) / scale
        steps = tf.round(x * scale) if noise is None else tf.floor(x * scale + noise)
        return tf.clip_by_value(steps, -self.largest, self.largest) / scale

    def _scale(self, magnitude: Any) -> Any:
        assert self.largest is not None
        scale = self.largest / tf.maximum(magnitude, _SMALLEST)
        return scale if self.mantissa_bits is None else _power_of_two(scale)

    def _to_floats(self, x: Any) -> Any:
        assert self.mantissa_bits is not None
        # Not by casts: XLA may leave out a cast there and back.
        first = tf.maximum(_power_of_two(x), 2.0**self.lowest_exponent)
        step = first * 2.0**-self.mantissa_bits
        return tf.round(x / step) * step


def _power_of_two(x: Any) -> Any:
    """The largest power of two that is at most abs(x); 0 for 0."""
    return tf.bitcast(tf.bitwise.bitwise_and(tf.bitcast(x, tf.int32), _EXPONENT_BITS), tf.float32)


@dataclass(frozen=True)
class Precision:
    """How a training computes.

    Args:
        name: of it.
        forward: format of weights and activations.
        backward: format of gradients and errors.
        is_random: whether gradients and errors are rounded at random; otherwise to the nearest.
    """

    name: str
    forward: NumberFormat
    backward: NumberFormat
    is_random: bool = False

    def __str__(self) -> str:
        how = " at random" if self.is_random else ""
        ways = f"{self.forward.name} forward, {self.backward.name} backward{how}"
        return f"{self.name}: {ways}; emulated in float32"


# The lowest exponent is 7 above bfloat16's own: below lie numbers that TensorFlow flushes to zero.
_BFLOAT16 = NumberFormat("bfloat16", mantissa_bits=7, lowest_exponent=-119)
_E4M3 = NumberFormat("e4m3", mantissa_bits=3, lowest_exponent=-6, largest=448.0)
_E5M2 = NumberFormat("e5m2", mantissa_bits=2, lowest_exponent=-14, largest=57344.0)
_INT8 = NumberFormat("int8", largest=127.0)

PRECISIONS = registry.by_name(
    (
        Precision("bfloat16", _BFLOAT16, _BFLOAT16),
        Precision("float8", _E4M3, _E5M2),
        Precision("int8", _INT8, _INT8, is_random=True),
    )
)


def precision_of(given: str | Precision) -> Precision | None:
    """Returns a precision by its name; `None` for `"float32"`, which everything is computed in.

    Args:
        given: `"float32"`, `"bfloat16"`, `"float8"`, `"int8"`, or a `Precision`.

    Raises:
        ValueError: if there is none of that name.
    """
    if isinstance(given, Precision):
        return given
    return registry.member(given, {"float32": None, **PRECISIONS}, "precision")
