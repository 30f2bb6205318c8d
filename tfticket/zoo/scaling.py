"""Scalings of inputs and targets, each measured on the training examples only.

A scaling measured on all examples tells the training something about the test; the test error
then comes out too low. So a scaling is a function of the training part that returns a function
for every part.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from tfticket.zoo.splits import Split
from tfticket.zoo.structures import mapped

__all__ = ["Scaling", "by_max_abs", "standardized", "unit_range"]

Scaling = Callable[[Split], Callable[[Split], Split]]


def unit_range(split: Split) -> Split:
    """Turns images of bytes into float32 in [0, 1]; other numbers into float32 as they are."""
    return dataclasses.replace(split, x=mapped(_in_unit_range, split.x))


def _in_unit_range(x: np.ndarray) -> np.ndarray:
    if x.dtype.kind not in "biuf":
        return x  # text, for a layer that looks it up
    scaled = x.astype(np.float32)
    if x.dtype == np.uint8:
        scaled /= 255.0
    return scaled


def standardized(train: Split) -> Callable[[Split], Split]:
    """Shifts and scales every channel to mean 0 and standard deviation 1 over `train`.

    Args:
        train: examples `[examples, ..., channels]` that set mean and deviation. A channel that
            never varies is only shifted.

    Returns:
        The function that does it to any split.
    """
    axes = tuple(range(train.x.ndim - 1))
    mean = train.x.mean(axes, dtype=np.float64).astype(np.float32)
    deviation = train.x.std(axes, dtype=np.float64).astype(np.float32)
    deviation = np.where(deviation > 0, deviation, np.float32(1))
    return lambda split: dataclasses.replace(split, x=(split.x - mean) / deviation)


def by_max_abs(train: Split) -> Callable[[Split], Split]:
    """Divides each input column and the target by their largest absolute value in `train`.

    Args:
        train: inputs `[examples, features]`, targets `[examples, 1]`.

    Returns:
        The function that does it to any split; outside `train` values may exceed 1.
    """
    x_scale, y_scale = np.abs(train.x).max(axis=0), np.abs(train.y).max(axis=0)
    return lambda split: Split(split.x / x_scale, split.y / y_scale)
