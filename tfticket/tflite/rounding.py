"""Are the weights of a converted file the nearest ones its type has, and are zeros still zero?

Asked of the stored bytes, for every weight that a layer reads: a unit that never fires on the
examples would hide a wrong weight from every run of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tfticket.errors import ExportError
from tfticket.tflite import graph
from tfticket.tflite.file import File, Tensor

__all__ = ["Rounding", "rounding"]

HALF_STEP = 0.5 * (1 + 1e-3)  # of the scale; the division is done in float32
FLOAT16_STEP = 2.0**-11  # relative, down to the smallest normal number
FLOAT16_SMALLEST = 2.0**-25
TINY = 1e-30  # so that equal zeros compare as equal


@dataclass(frozen=True)
class Rounding:
    """What a conversion did to the weights of a file.

    Args:
        num_weights: weights that were found in both files.
        zeros_before: their zeros in the float32 file.
        zeros_after: their zeros in the converted file; rounding adds some, none may be lost.
    """

    num_weights: int
    zeros_before: int
    zeros_after: int


@dataclass(frozen=True)
class _Stored:
    name: str
    meant: np.ndarray
    is_zero: np.ndarray
    allowed: np.ndarray


def rounding(exact: File, converted: File, *, is_nearest: bool = True) -> Rounding:
    """Compares the weights of a converted file with those of its float32 twin.

    Args:
        exact: the dense float32 file.
        converted: the dense file of smaller weights.
        is_nearest: whether every weight must be the nearest its type has. After
            quantisation-aware training it need not be: ranges follow the weights a step late.

    Returns:
        A `Rounding`.

    Raises:
        ExportError: if a weight has a zero point, lost a zero, or, unless told otherwise, is
            further from its float32 value than rounding explains.
    """
    found = list(_weights(converted))
    num_weights = before = after = 0
    for weight in _weights(exact):
        same = [other for other in found if other.meant.shape == weight.meant.shape]
        if not same:  # folded away, or transposed
            continue
        wrong = [(_worst(weight, other), other) for other in same]
        worst, nearest = min(wrong, key=lambda pair: pair[0])
        if is_nearest and worst > 1:
            raise ExportError(
                f"weight {weight.name!r} was converted to other values: {worst:.3g} times as far"
                " off as rounding explains"
            )
        if (weight.is_zero & ~nearest.is_zero).any():
            raise ExportError(f"weight {weight.name!r} lost zeros in the conversion")
        num_weights += 1
        before += int(weight.is_zero.sum())
        after += int(nearest.is_zero.sum())
    return Rounding(num_weights, before, after)


def _worst(weight: _Stored, other: _Stored) -> float:
    """The largest difference as a multiple of what rounding may do."""
    with np.errstate(invalid="ignore"):
        relative = np.abs(other.meant - weight.meant) / other.allowed
    return float(np.where(np.isnan(relative), np.inf, relative).max(initial=0.0))


def _weights(file: File) -> Iterator[_Stored]:
    for constant in graph.constants(file):
        uses = graph.readers(file, constant, graph.STORED_AS)
        places = {use.position for use in uses if use.name in graph.WEIGHT_READERS}
        if graph.WEIGHT_INPUT not in places:
            continue
        values = constant.tensor.dense_values()
        if values is not None and values.ndim >= 2:
            yield _stored(constant.tensor, values)


def _stored(tensor: Tensor, values: np.ndarray) -> _Stored:
    if values.dtype.kind in "iu":
        if tensor.zero_points.any():
            raise ExportError(
                f"weight {tensor.name!r} has a zero point other than 0: a pruned weight would not"
                " be 0"
            )
        scale = tensor.scale()
        if scale is None:
            raise ExportError(f"weight {tensor.name!r} has integers without a scale")
        meant = values * scale
        allowed = np.broadcast_to(scale * HALF_STEP + TINY, meant.shape)
        return _Stored(tensor.name, meant, values == 0, allowed)
    meant = values.astype(np.float64)
    smallest, step = (FLOAT16_SMALLEST, FLOAT16_STEP) if values.itemsize == 2 else (TINY, 1e-6)
    return _Stored(tensor.name, meant, values == 0, smallest + step * np.abs(meant))
