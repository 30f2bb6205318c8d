"""Keeps exactly the k largest of many scores, without sorting or copying them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfticket.selection.lowest import without_lowest
from tfticket.selection.scanning import chunks, num_true, sample

__all__ = ["keep_top", "kth_largest"]

_SMALL = 1 << 16  # up to here a sample costs more than it saves
_SAMPLE = 1 << 13
_SAFETY = 4.0  # standard deviations of the sample's rank


def keep_top(
    scores: Sequence[np.ndarray],
    candidates: Sequence[np.ndarray],
    num_kept: int,
    protected: Sequence[np.ndarray] | None = None,
) -> list[np.ndarray]:
    """Marks the `num_kept` largest scores among the candidates of several arrays together.

    Equal scores are kept in the order of the arrays and, within one, in row-major order, so the
    result is exact and the same on every machine. Besides the result it needs next to no memory.

    >>> keep_top([np.array([0.2, 0.5, 0.5])], [np.array([True, True, True])], 1)[0].tolist()
    [False, True, False]

    Args:
        scores: floating-point arrays, larger = keep, finite.
        candidates: boolean arrays of the same shapes; only these positions compete.
        num_kept: how many to keep, at most the number of candidates.
        protected: candidates that are kept whatever their score; they count.

    Returns:
        One boolean array per array of scores, `num_kept` True in all, or as many as are protected.
    """
    if protected is not None:
        rest = [c & ~p for c, p in zip(candidates, protected, strict=True)]
        spare = num_kept - num_true(protected)
        kept = keep_top(scores, rest, max(0, spare))
        return [k | p for k, p in zip(kept, protected, strict=True)]
    num_candidates = num_true(candidates)
    if num_kept >= num_candidates:
        return [np.array(c) for c in candidates]
    if num_kept == 0:
        return [np.zeros(c.shape, np.bool_) for c in candidates]
    kept = without_lowest(scores, candidates, num_candidates - num_kept)
    return _above_threshold(scores, candidates, num_kept) if kept is None else kept


def _above_threshold(
    scores: Sequence[np.ndarray], candidates: Sequence[np.ndarray], num_kept: int
) -> list[np.ndarray]:
    """Marks the `num_kept` largest candidates, by the value that the lowest of them has."""
    threshold, num_above, num_equal = _kth_largest(scores, candidates, num_kept)
    spare = num_kept - num_above
    if spare == num_equal:  # all that equal it are kept, as where it occurs once
        return _at_least(scores, candidates, threshold)
    return _marked(scores, candidates, threshold, spare)


def _at_least(
    scores: Sequence[np.ndarray], candidates: Sequence[np.ndarray], threshold: np.floating
) -> list[np.ndarray]:
    """Marks the candidates that are no less than the threshold."""
    kept = [np.empty(c.shape, np.bool_) for c in candidates]
    for mark, score, candidate in chunks(kept, scores, candidates):
        np.greater_equal(score, threshold, out=mark)
        mark &= candidate
    return kept


def _marked(
    scores: Sequence[np.ndarray],
    candidates: Sequence[np.ndarray],
    threshold: np.floating,
    spare: int,
) -> list[np.ndarray]:
    """Marks the candidates above the threshold, and the first `spare` that equal it."""
    kept = [np.zeros(c.shape, np.bool_) for c in candidates]
    for mark, score, candidate in chunks(kept, scores, candidates):
        np.greater(score, threshold, out=mark)
        mark &= candidate
        if spare > 0:
            tied = np.flatnonzero((score == threshold) & candidate)[:spare]
            mark[tied] = True
            spare -= tied.size
    return kept


def kth_largest(
    scores: Sequence[np.ndarray], candidates: Sequence[np.ndarray], k: int
) -> tuple[np.floating, int]:
    """Finds the k-th largest candidate (1 = the maximum) of several arrays together.

    A random sample brackets the value; one pass then counts what lies above the bracket and copies
    what lies inside it, usually about one in a hundred. The answer is exact: where the bracket
    turns out to miss it, the part beyond is looked at. A value that occurs often is met by the
    bracket's ends, which are counted and not copied, so ties cost neither time nor memory.

    Args:
        scores: float32 or float64 arrays without NaN.
        candidates: boolean arrays of the same shapes; only these positions count.
        k: between 1 and the number of candidates.

    Returns:
        The value, and how many candidates are greater.
    """
    value, num_above, _ = _kth_largest(scores, candidates, k)
    return value, num_above


def _kth_largest(
    scores: Sequence[np.ndarray], candidates: Sequence[np.ndarray], k: int
) -> tuple[np.floating, int, int]:
    """Finds the value, how many candidates are greater, and how many equal it."""
    low, high = _bracket(scores, candidates, k)
    while True:
        above, at_high, between, at_low = _zones(scores, candidates, low, high)
        ends = np.cumsum([above, at_high, between.size, at_low])
        zone = int(np.searchsorted(ends, k))
        if zone == 0:
            low, high = high, _infinity(scores)
        elif zone == 1:
            return high, above, at_high
        elif zone == 2:
            place = int(ends[2]) - k
            between.partition(place)
            value = between[place]
            num_equal = int(np.count_nonzero(between == value))
            return value, int(ends[1] + np.count_nonzero(between > value)), num_equal
        elif zone == 3:
            return low, int(ends[2]), at_low
        else:
            low, high = -_infinity(scores), low


def _bracket(
    scores: Sequence[np.ndarray], candidates: Sequence[np.ndarray], k: int
) -> tuple[np.floating, np.floating]:
    """Guesses two values between which the k-th largest lies."""
    num_weights = sum(s.size for s in scores)
    infinity = _infinity(scores)
    if num_weights <= _SMALL:
        return -infinity, infinity
    drawn = np.sort(sample(scores, candidates, _SAMPLE))
    fraction = k / num_true(candidates)
    rank = drawn.size * (1 - fraction)
    margin = _SAFETY * np.sqrt(drawn.size * fraction * (1 - fraction)) + _SAFETY
    first, last = int(np.floor(rank - margin)), int(np.ceil(rank + margin))
    return (
        drawn[first] if first >= 0 else -infinity,
        drawn[last] if last < drawn.size else infinity,
    )


def _zones(
    scores: Sequence[np.ndarray],
    candidates: Sequence[np.ndarray],
    low: np.floating,
    high: np.floating,
) -> tuple[int, int, np.ndarray, int]:
    """Counts candidates above `high`, at it, at `low`; returns those between them."""
    above = at_high = at_low = 0
    between = []
    for score, candidate in chunks(scores, candidates):
        top = score > high
        top &= candidate
        inside = score >= low
        inside &= candidate
        inside ^= top  # what is above is not below
        above += int(np.count_nonzero(top))
        found = score[inside]
        is_high, is_low = found == high, found == low
        at_high += int(np.count_nonzero(is_high))
        if low < high:
            at_low += int(np.count_nonzero(is_low))
        between.append(found[~(is_high | is_low)])
    return above, at_high, np.concatenate(between), at_low


def _infinity(scores: Sequence[np.ndarray]) -> np.floating:
    return np.result_type(*scores).type(np.inf)
