"""Which individuals are better, by two objectives at once: fronts that nothing dominates."""

from __future__ import annotations

import numpy as np

__all__ = ["fronts", "ranked"]


def ranked(objectives: np.ndarray) -> np.ndarray:
    """Sorts individuals, the best first: by front, then those first that stand alone on it.

    >>> ranked(np.array([[1.0, 1.0], [3.0, 1.0], [1.0, 3.0], [2.5, 2.5]]))
    array([1, 2, 3, 0])

    Args:
        objectives: `[individuals, 2]`, larger is better, finite.

    Returns:
        Positions, int64 `[individuals]`; what is alike in all keeps its order.

    References:
        Deb et al. 2002, "A fast and elitist multiobjective genetic algorithm: NSGA-II",
        https://doi.org/10.1109/4235.996017
    """
    found = fronts(objectives)
    crowding = np.empty(len(objectives))
    for front in range(int(found.max(initial=-1)) + 1):
        members = np.flatnonzero(found == front)
        crowding[members] = sum(_distances(column) for column in objectives[members].T)
    return np.lexsort((-crowding, found))


def fronts(objectives: np.ndarray) -> np.ndarray:
    """Returns the front of each individual: 0 of those that none dominates, and so on.

    An individual dominates another if it is as good in both objectives and better in one:
    `a ≥ b` in both and `a > b` in one of them.

    Args:
        objectives: `[individuals, 2]`, larger is better, finite.
    """
    a, b = objectives[:, None, :], objectives[None, :, :]
    dominates = np.all(a >= b, axis=2) & np.any(a > b, axis=2)
    found = np.full(len(objectives), -1, np.int64)
    num_above = dominates.sum(axis=0)
    front = 0
    while (found < 0).any():
        members = np.flatnonzero((num_above == 0) & (found < 0))
        found[members] = front
        num_above -= dominates[members].sum(axis=0)
        front += 1
    return found


def _distances(values: np.ndarray) -> np.ndarray:
    """How far the neighbours of each value on a front are from each other; ends are infinite."""
    order = np.argsort(values, kind="stable")
    spread = values[order[-1]] - values[order[0]]
    made = np.full(len(values), np.inf)
    if spread > 0:
        made[order[1:-1]] = (values[order[2:]] - values[order[:-2]]) / spread
    return made
