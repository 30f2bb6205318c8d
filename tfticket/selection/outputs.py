"""Ranking the inputs of each output among themselves."""

from __future__ import annotations

import numpy as np

from tfticket.layouts import Layout
from tfticket.selection.scope import num_kept

__all__ = ["keep_of_each_output"]

_TOGETHER = 1 << 20  # scores of some outputs that are looked at together: what they need is theirs


def keep_of_each_output(
    scores: np.ndarray, mask: np.ndarray, layout: Layout, sparsity: float
) -> np.ndarray:
    """Keeps the best inputs of every output; of equal scores the first.

    >>> scores = np.array([[4.0, 1.0], [3.0, 2.0], [2.0, 3.0], [1.0, 4.0]])
    >>> keep_of_each_output(scores, np.ones((4, 2), bool), Layout(), 0.75).tolist()
    [[True, False], [False, False], [False, False], [False, True]]

    Of all weights `num_kept(weights, sparsity)` are kept, of every output as many but for one:
    where they cannot be divided, the outputs with the best next input keep one more.

    Args:
        scores: floats, larger = keep, finite.
        mask: booleans of the same shape; only True ones compete.
        layout: which axes are inputs and outputs; positions count as inputs.
        sparsity: fraction of the weights to mask, in [0, 1).

    Returns:
        Booleans of the same shape; fewer are True only where an output has fewer survivors.
    """
    parts, survivors = layout.split(scores), layout.split(mask)
    num_outputs = parts.shape[-1]
    columns, candidates = (a.reshape(-1, num_outputs) for a in (parts, survivors))
    count, num_more = divmod(num_kept(scores.size, sparsity), num_outputs)
    kept = np.zeros(columns.shape, np.bool_)
    at, best = np.empty(num_outputs, np.intp), np.empty(num_outputs, scores.dtype)
    step = max(1, _TOGETHER // len(columns))
    for some in (slice(i, i + step) for i in range(0, num_outputs, step)):
        competing = np.where(candidates[:, some], columns[:, some], -np.inf)
        kept[:, some] = _best_of_each(competing, candidates[:, some], count)
        competing[kept[:, some]] = -np.inf
        at[some], best[some] = competing.argmax(axis=0), competing.max(axis=0)
    order = np.argsort(-best, kind="stable")[: np.count_nonzero(best > -np.inf)]
    more = order[:num_more]
    kept[at[more], more] = True
    return layout.join(kept.reshape(parts.shape), scores.shape)


def _best_of_each(columns: np.ndarray, candidates: np.ndarray, count: int) -> np.ndarray:
    """Marks the `count` largest candidates of each column, or all; of equals the first."""
    if count == 0:
        return np.zeros(columns.shape, np.bool_)
    threshold = np.partition(columns, len(columns) - count, axis=0)[len(columns) - count]
    kept = columns > threshold
    spare = count - np.count_nonzero(kept, axis=0)
    tied = (columns == threshold) & candidates
    return kept | (tied & (np.cumsum(tied, axis=0) <= spare))
