"""Ranks within a layer, for scores that compare values of different size."""

from __future__ import annotations

import numpy as np

__all__ = ["lower_rank", "ranks"]


def ranks(values: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """Returns for each value the fraction of kept values that are smaller, in [0, 1).

    >>> ranks(np.array([[3.0, 1.0], [3.0, 2.0]])).tolist()
    [[0.5, 0.0], [0.5, 0.25]]

    Args:
        values: floats of any shape.
        mask: boolean, True = kept; others rank 0 and do not count. `None` keeps all.
    """
    kept = values[mask] if mask is not None else values.ravel()
    order = np.argsort(kept, kind="stable")
    ordered = kept[order]
    is_first = np.ones(kept.size, np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    position = np.arange(kept.size)
    smaller = np.maximum.accumulate(np.where(is_first, position, 0))
    found = np.empty(kept.size)
    found[order] = smaller / max(kept.size, 1)
    if mask is None:
        return found.reshape(values.shape)
    result = np.zeros(values.shape)
    result[mask] = found
    return result


def lower_rank(first: np.ndarray, second: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """Returns the lower of the ranks that each position has in two arrays.

    Args:
        first: floats of any shape.
        second: floats of the same shape.
        mask: boolean, True = kept; others do not count.
    """
    return np.minimum(ranks(first, mask), ranks(second, mask))
