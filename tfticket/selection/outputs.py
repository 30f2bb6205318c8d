"""Ranking the inputs of each output among themselves."""

from __future__ import annotations

import numpy as np

from tfticket.layouts import Layout
from tfticket.selection.scope import num_kept

__all__ = ["keep_of_each_output"]


def keep_of_each_output(
    scores: np.ndarray, mask: np.ndarray, layout: Layout, sparsity: float
) -> np.ndarray:
    """Keeps the best inputs of every output; of equal scores the first.

    >>> scores = np.array([[4.0, 1.0], [3.0, 2.0], [2.0, 3.0], [1.0, 4.0]])
    >>> keep_of_each_output(scores, np.ones((4, 2), bool), Layout(), 0.75).tolist()
    [[True, False], [False, False], [False, False], [False, True]]

    Args:
        scores: floats, larger = keep, finite.
        mask: booleans of the same shape; only True ones compete.
        layout: which axes are inputs and outputs; positions count as inputs.
        sparsity: fraction of each output's weights to mask, in [0, 1).

    Returns:
        Booleans of the same shape, for each output `num_kept(inputs, sparsity)` True, or as many
        as there were.
    """
    parts, survivors = layout.split(scores), layout.split(mask)
    columns = np.where(survivors, parts, -np.inf).reshape(-1, parts.shape[-1])
    candidates = survivors.reshape(columns.shape)
    count = num_kept(len(columns), sparsity)
    if count == 0:
        return np.zeros(scores.shape, np.bool_)
    threshold = np.partition(columns, len(columns) - count, axis=0)[len(columns) - count]
    kept = columns > threshold
    spare = count - np.count_nonzero(kept, axis=0)
    tied = (columns == threshold) & candidates
    kept |= tied & (np.cumsum(tied, axis=0) <= spare)
    return layout.join(kept.reshape(parts.shape), scores.shape)
