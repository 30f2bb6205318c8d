"""Units: what is ranked and kept or masked together, and the ranking of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tfticket.selection.top import keep_top

__all__ = ["Units", "keep_units"]


@dataclass(frozen=True)
class Units:
    """The units of one weight.

    Args:
        scores: one float per unit, larger = keep.
        candidates: which units compete: those with a surviving weight.
        sizes: number of surviving weights in each unit; one integer if all candidates agree.
        spread: turns one boolean per unit into one per weight.
        protected: candidates that are kept whatever their score.
    """

    scores: np.ndarray
    candidates: np.ndarray
    sizes: np.ndarray | int
    spread: Callable[[np.ndarray], np.ndarray]
    protected: np.ndarray | None = None

    @property
    def num_protected(self) -> int:
        """Number of weights in protected units."""
        if self.protected is None:
            return 0
        if isinstance(self.sizes, int):
            return self.sizes * int(np.count_nonzero(self.protected))
        return int(self.sizes[self.protected].sum())

    def with_best_protected(self) -> Units:
        """Returns the same units, the best of which is protected too; of equals the first."""
        if not self.candidates.any():
            return self
        protected = np.zeros(self.candidates.shape, np.bool_)
        best = np.argmax(np.where(self.candidates, self.scores, -np.inf))
        protected.reshape(-1)[best] = True
        if self.protected is not None:
            protected |= self.protected
        return Units(self.scores, self.candidates, self.sizes, self.spread, protected)


def keep_units(units: Sequence[Units], num_kept: int) -> list[np.ndarray]:
    """Keeps the best units of several weights together, to the unit nearest to `num_kept` weights.

    Of two equally near numbers the smaller one is taken.

    Args:
        units: the units of each weight.
        num_kept: how many weights are to be kept in all.

    Returns:
        For each weight, one boolean per unit.
    """
    sizes = {u.sizes for u in units if isinstance(u.sizes, int)}
    if len(sizes) != 1 or not all(isinstance(u.sizes, int) for u in units):
        return _keep_nearest(units, num_kept)
    (size,) = sizes
    return keep_top(
        [u.scores for u in units],
        [u.candidates for u in units],
        (2 * num_kept + size - 1) // (2 * size),
        _protected(units),
    )


def _protected(units: Sequence[Units]) -> list[np.ndarray] | None:
    if all(u.protected is None for u in units):
        return None
    return [
        np.zeros(u.candidates.shape, np.bool_) if u.protected is None else u.protected
        for u in units
    ]


def _keep_nearest(units: Sequence[Units], num_kept: int) -> list[np.ndarray]:
    """Units of different sizes: sorts them and stops where the sum of sizes is nearest."""
    candidates = np.concatenate([u.candidates.ravel() for u in units])
    scores = np.concatenate([u.scores.ravel() for u in units])
    sizes = np.concatenate([np.broadcast_to(u.sizes, u.candidates.shape).ravel() for u in units])
    protected = _protected(units)
    first = np.concatenate([p.ravel() for p in protected]) if protected else ~candidates & False
    at = np.flatnonzero(candidates)
    order = at[np.lexsort((-scores[at], ~first[at]))]  # stable: equal scores stay in place
    reached = np.cumsum(np.concatenate([[0], sizes[order]]))
    count = max(int(np.argmin(np.abs(reached - num_kept))), int(np.count_nonzero(first)))
    kept = np.zeros(candidates.size, np.bool_)
    kept[order[:count]] = True
    ends = np.cumsum([u.candidates.size for u in units])[:-1]
    parts = np.split(kept, ends)
    return [p.reshape(u.candidates.shape) for p, u in zip(parts, units, strict=True)]
