"""Moving a mask: the least of what is kept goes, and as much of the rest comes in its place."""

from __future__ import annotations

import math

import numpy as np

from tfticket.selection.top import keep_top

__all__ = ["drop_and_grow", "falling_fraction"]


def drop_and_grow(
    weights: np.ndarray, mask: np.ndarray, growth: np.ndarray, count: int
) -> np.ndarray:
    """Drops the smallest kept weights and grows as many of the others; as many are kept as before.

    What was just dropped may grow again. Of equal numbers the first in row-major order is kept.

    >>> weights = np.array([3.0, -1.0, 0.0, 0.0])
    >>> mask, growth = np.array([True, True, False, False]), np.array([0.0, 1.0, 5.0, 2.0])
    >>> drop_and_grow(weights, mask, growth, 1).tolist()
    [True, False, True, False]

    Args:
        weights: floats.
        mask: booleans of the same shape, True = kept.
        growth: floats of the same shape, larger = grows first.
        count: how many go, and come, at most as many as are kept.

    Returns:
        The new mask.

    References:
        Evci et al. 2020, algorithm 1, https://arxiv.org/abs/1911.11134
    """
    num_kept = int(np.count_nonzero(mask))
    if not 0 <= count <= num_kept:
        raise ValueError(
            f"`count` must be between 0 and the {num_kept} weights that are kept. Received: {count}"
        )
    (staying,) = keep_top([np.abs(weights)], [mask], num_kept - count)
    (grown,) = keep_top([growth], [~staying], count)
    return staying | grown


def falling_fraction(step: int, end_step: int, first: float) -> float:
    """Returns which fraction of the kept weights moves at a step: half a cosine from `first` to 0.

    That is `first / 2 · (1 + cos(π · step / end_step))`.

    Args:
        step: optimizer updates done.
        end_step: the step from which on nothing moves.
        first: the fraction at step 0, in (0, 1].

    References:
        Evci et al. 2020, section 3, https://arxiv.org/abs/1911.11134
    """
    if step >= end_step:
        return 0.0
    return first / 2 * (1 + math.cos(math.pi * step / end_step))
