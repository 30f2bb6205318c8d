"""Subset sums: which of a few random numbers add up to a number, for very many numbers at once."""

from __future__ import annotations

import numpy as np

__all__ = ["MAX_CANDIDATES", "closest_subsets"]

#: Of more candidates than this, half have too many subsets to list.
MAX_CANDIDATES = 32
#: How many sums are listed at once: they take 8 bytes each, and about six lists are there together.
_NUM_SUMS = 2**20


def closest_subsets(candidates: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Finds, for each target, the subset of its candidates whose sum is the closest of all.

    It is the subset S that makes `|target − Σ_S candidate|` least.

    Meets in the middle: the sums of the first half of the candidates are sorted, and for every sum
    of the second half the closest of what is missing is looked up, which takes `2^(n/2)` steps
    instead of `2^n`. Rows are worked on in blocks, so memory does not grow with their number.

    >>> closest_subsets(np.array([[0.5, -0.25, 0.125, 3.0]]), np.array([0.3]))
    array([[ True,  True, False, False]])

    Args:
        candidates: `[targets, candidates]`, at most 32 of them for each.
        targets: `[targets]`.

    Returns:
        Booleans, `[targets, candidates]`. The empty subset is one, too.

    Raises:
        ValueError: if there are too many candidates, or not as many rows as targets.
    """
    num_targets, count = candidates.shape
    if not 1 <= count <= MAX_CANDIDATES or targets.shape != (num_targets,):
        raise ValueError(
            f"`candidates` must be [targets, candidates] with 1 to {MAX_CANDIDATES} of them."
            f" Received: candidates of shape {candidates.shape}, targets of {targets.shape}"
        )
    found = np.empty(candidates.shape, np.bool_)
    size = max(1, _NUM_SUMS >> (count - count // 2))
    for start in range(0, num_targets, size):
        block = slice(start, start + size)
        found[block] = _closest(candidates[block].astype(np.float64), targets[block])
    return found


def _closest(candidates: np.ndarray, targets: np.ndarray) -> np.ndarray:
    half = candidates.shape[1] // 2
    left, right = _sums(candidates[:, :half]), _sums(candidates[:, half:])
    missing = targets[:, None].astype(np.float64) - right
    error = _distances(np.sort(left, axis=1), missing)
    rows, second = np.arange(len(targets)), error.argmin(1)
    first = np.abs(left - missing[rows, second][:, None]).argmin(1)
    return np.concatenate(
        [_bits(first, half), _bits(second, candidates.shape[1] - half)],
        axis=1,
    )


def _sums(numbers: np.ndarray) -> np.ndarray:
    """The sums of all subsets, `[rows, 2^n]`: column j is of the numbers at the bits of j."""
    found = np.zeros((len(numbers), 1))
    for column in numbers.T:
        found = np.concatenate([found, found + column[:, None]], axis=1)
    return found


def _distances(ordered: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """How far each wanted number is from the closest in its row of ordered ones."""
    count = ordered.shape[1]
    reach = 2.5 * max(np.abs(ordered).max(), np.abs(wanted).max(), 1e-300)
    offsets = (np.arange(len(ordered)) * reach)[:, None]  # rows in a row, none meets the next
    places = np.searchsorted((ordered + offsets).ravel(), (wanted + offsets).ravel())
    places = places.reshape(wanted.shape) - (np.arange(len(ordered)) * count)[:, None]
    above = np.take_along_axis(ordered, np.clip(places, 0, count - 1), axis=1)
    below = np.take_along_axis(ordered, np.clip(places - 1, 0, count - 1), axis=1)
    return np.minimum(np.abs(above - wanted), np.abs(below - wanted))


def _bits(numbers: np.ndarray, count: int) -> np.ndarray:
    return (numbers[:, None] >> np.arange(count)) & 1 > 0
