"""Keeps exactly the k largest of many scores, without sorting or copying them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfticket.selection.lowest import without_lowest
from tfticket.selection.scanning import chunks, num_true, sample

__all__ = ["keep_top", "kth_largest"]

_SMALL = 1 << 16  # up to here a sample costs more than it saves
_SAMPLES = 1 << 13, 1 << 16  # at least and at most so many; one in 512 between
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
    low, high = _bracket(scores, candidates, num_kept)
    kept = [np.empty(c.shape, np.bool_) for c in candidates]
    zones = _zones(scores, candidates, low, high, kept)
    spare = num_kept - zones.above - zones.at_high
    if 0 < spare <= zones.between.size:  # the threshold is in there, and nothing else is undecided
        is_kept, first = _largest(zones.between, spare), 0
        for mark, at in zones.open:
            mark[at] = is_kept[first : first + at.size]
            first += at.size
        return kept
    threshold, num_above, num_equal = _kth_largest(scores, candidates, num_kept, (low, high, zones))
    spare = num_kept - num_above
    if spare == num_equal:  # all that equal it are kept, as where it occurs once
        return _at_least(scores, candidates, threshold)
    return _marked(scores, candidates, threshold, spare)


def _largest(values: np.ndarray, count: int) -> np.ndarray:
    """Marks the `count` largest of some values, at least one; of equals the first."""
    last = values.size - count
    threshold = np.partition(values, last)[last]
    largest = values > threshold
    tied = np.flatnonzero(values == threshold)
    largest[tied[: count - int(np.count_nonzero(largest))]] = True
    return largest


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
    scores: Sequence[np.ndarray],
    candidates: Sequence[np.ndarray],
    k: int,
    known: tuple[np.floating, np.floating, _Zones] | None = None,
) -> tuple[np.floating, int, int]:
    """Finds the value, how many candidates are greater, and how many equal it.

    Args:
        scores: as for `kth_largest`.
        candidates: as for `kth_largest`.
        k: as for `kth_largest`.
        known: two values and what was found about them; `None` to guess.
    """
    low, high = _bracket(scores, candidates, k) if known is None else known[:2]
    zones = None if known is None else known[2]
    while True:
        zones = zones or _zones(scores, candidates, low, high)
        between = zones.between
        ends = np.cumsum([zones.above, zones.at_high, between.size, zones.at_low])
        zone = int(np.searchsorted(ends, k))
        if zone == 0:
            low, high = high, _infinity(scores)
        elif zone == 1:
            return high, zones.above, zones.at_high
        elif zone == 2:
            place = int(ends[2]) - k
            between.partition(place)
            value = between[place]
            num_equal = int(np.count_nonzero(between == value))
            return value, int(ends[1] + np.count_nonzero(between > value)), num_equal
        elif zone == 3:
            return low, int(ends[2]), zones.at_low
        else:
            low, high = -_infinity(scores), low
        zones = None


def _bracket(
    scores: Sequence[np.ndarray], candidates: Sequence[np.ndarray], k: int
) -> tuple[np.floating, np.floating]:
    """Guesses two values between which the k-th largest lies."""
    num_weights = sum(s.size for s in scores)
    infinity = _infinity(scores)
    if num_weights <= _SMALL:
        return -infinity, infinity
    num_places = min(max(_SAMPLES[0], num_weights >> 9), _SAMPLES[1])
    drawn = np.sort(sample(scores, candidates, num_places))
    fraction = k / num_true(candidates)
    rank = drawn.size * (1 - fraction)
    margin = _SAFETY * np.sqrt(drawn.size * fraction * (1 - fraction)) + _SAFETY
    first, last = int(np.floor(rank - margin)), int(np.ceil(rank + margin))
    return (
        drawn[first] if first >= 0 else -infinity,
        drawn[last] if last < drawn.size else infinity,
    )


@dataclass(frozen=True)
class _Zones:
    """How candidates lie to two values.

    Attributes:
        above: how many are above the greater value.
        at_high: how many equal it.
        between: those between both, in the order of the arrays and of their rows.
        at_low: how many equal the lesser value.
        open: pieces of the arrays that were marked, and the places in them of those between.
    """

    above: int
    at_high: int
    between: np.ndarray
    at_low: int
    open: list[tuple[np.ndarray, np.ndarray]]


def _zones(
    scores: Sequence[np.ndarray],
    candidates: Sequence[np.ndarray],
    low: np.floating,
    high: np.floating,
    kept: Sequence[np.ndarray] | None = None,
) -> _Zones:
    """Counts candidates above `high`, at it and at `low`, and collects those between.

    Args:
        scores: as for `kth_largest`.
        candidates: as for `kth_largest`.
        low: the lesser value.
        high: the greater one; the same where a sample had one value only.
        kept: boolean arrays to mark in what is at least `high`; the rest is set to False.
    """
    above = at_high = at_low = 0
    between: list[np.ndarray] = []
    undecided: list[tuple[np.ndarray, np.ndarray]] = []
    for score, candidate, mark in chunks(scores, candidates, candidates if kept is None else kept):
        top = np.greater(score, high, out=None if kept is None else mark)
        top &= candidate
        inside = score >= low
        inside &= candidate
        inside ^= top  # what is above is not below
        above += int(np.count_nonzero(top))
        (at,) = inside.nonzero()
        found = score[at]
        is_high, is_low = found == high, found == low
        at_high += int(np.count_nonzero(is_high))
        if low < high:
            at_low += int(np.count_nonzero(is_low))
        is_between = ~(is_high | is_low)
        between.append(found[is_between])
        if kept is not None:
            top[at[is_high]] = True
            undecided.append((top, at[is_between].astype(np.int32)))
    return _Zones(above, at_high, np.concatenate(between), at_low, undecided)


def _infinity(scores: Sequence[np.ndarray]) -> np.floating:
    return np.result_type(*scores).type(np.inf)
