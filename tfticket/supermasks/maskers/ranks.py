"""Magnitudes dealt out so that a given mask is that of the largest."""

from __future__ import annotations

import numpy as np

__all__ = ["in_rank_order"]


def in_rank_order(mask: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Returns the magnitudes of the scores, the largest of them where the mask is not 0.

    >>> in_rank_order(np.array([0, 1, 1]), np.array([0.3, -0.1, 0.2])).tolist()
    [0.1, 0.2, 0.3]

    Args:
        mask: what is to be kept.
        scores: of the same shape; among the kept, and among the others, their order stays.
    """
    magnitudes, is_kept = np.abs(scores).ravel(), (np.asarray(mask) != 0).ravel()
    order = np.lexsort((-magnitudes, ~is_kept))  # kept first, each part from the largest down
    dealt = np.empty_like(magnitudes)
    dealt[order] = np.sort(magnitudes)[::-1]
    kept, others = dealt[is_kept], dealt[~is_kept]
    if kept.size and others.size and kept.min() <= others.max():
        dealt[is_kept] += (
            np.abs(magnitudes).max() or 1
        )  # equal magnitudes would be told by position
    return dealt.reshape(scores.shape)
