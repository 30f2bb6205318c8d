"""Masks out the few lowest of many scores: what an update does while a network trains.

From one update to the next a schedule takes a small part of the survivors, and how many is known
beforehand. So their threshold need not be found among all scores: a small sample guesses a value
below which there are enough, and one pass collects the candidates below it, often one in a
hundred, among which the lowest are exact. Of a small part even a small sample tells well how many
lie below a value, whatever the weights did since the last update.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfticket.selection.scanning import chunks, num_true, sample

__all__ = ["without_lowest"]

_FEW = 128  # up to one in so many of all weights; beyond, collecting costs more than it saves
_SMALL = 1 << 12  # up to here a sample costs more than it saves
_SAMPLE = 1 << 11
_SAFETY = 4.0  # standard deviations of the sample's rank


def without_lowest(
    scores: Sequence[np.ndarray], candidates: Sequence[np.ndarray], num_dropped: int
) -> list[np.ndarray] | None:
    """Takes the `num_dropped` lowest scores out of the candidates of several arrays together.

    Of equal scores the last are taken out, in the order of the arrays and of their rows, so that
    the rest is what `keep_top` keeps.

    >>> (kept,) = without_lowest([np.arange(128.0)], [np.ones(128, bool)], 1)
    >>> np.flatnonzero(~kept).tolist()
    [0]

    Args:
        scores: floating-point arrays, finite.
        candidates: boolean arrays of the same shapes; only these positions compete.
        num_dropped: how many to take out, at least one.

    Returns:
        One boolean array per array of scores; `None` if these are not few, or the guess was too
        low, and the whole has to be looked at.
    """
    if num_dropped * _FEW > sum(s.size for s in scores):
        return None
    values, places = _below(_guess(scores, candidates, num_dropped), scores, candidates)
    if sum(v.size for v in values) < num_dropped:
        return None
    return _unmarked(candidates, places, _lowest(np.concatenate(values), num_dropped))


def _guess(
    scores: Sequence[np.ndarray], candidates: Sequence[np.ndarray], num_dropped: int
) -> np.floating:
    """Guesses a value below which there are enough candidates, and not many more."""
    infinity = np.result_type(*scores).type(np.inf)
    if sum(s.size for s in scores) <= _SMALL:
        return infinity
    drawn = sample(scores, candidates, _SAMPLE)
    rank = drawn.size * num_dropped / num_true(candidates)
    last = int(np.ceil(rank + _SAFETY * np.sqrt(rank) + _SAFETY))
    if last >= drawn.size:
        return infinity
    drawn.partition(last)
    return drawn[last]


def _below(
    high: np.floating, scores: Sequence[np.ndarray], candidates: Sequence[np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Collects the candidates that are less than `high`: per array, their scores and places.

    What equals it is left out: a value that occurs often would cost as much as it occurs.
    """
    values, places = [], []
    for score, candidate in zip(scores, candidates, strict=True):
        found, start = [np.empty(0, np.intp)], 0
        for piece, competes in chunks([score], [candidate]):
            inside = piece < high
            inside &= competes
            found.append(np.flatnonzero(inside) + start)
            start += piece.size
        places.append(np.concatenate(found))
        values.append(score.reshape(-1)[places[-1]])
    return values, places


def _lowest(values: np.ndarray, count: int) -> np.ndarray:
    """Marks the `count` lowest of some values; of those equal to the greatest of them, the last."""
    threshold = np.partition(values, count - 1)[count - 1]
    lowest = values < threshold
    tied = np.flatnonzero(values == threshold)
    lowest[tied[tied.size - (count - int(np.count_nonzero(lowest))) :]] = True
    return lowest


def _unmarked(
    candidates: Sequence[np.ndarray], places: Sequence[np.ndarray], dropped: np.ndarray
) -> list[np.ndarray]:
    """Copies the candidates without the places, listed array after array, that are dropped."""
    ends = np.cumsum([p.size for p in places])[:-1]
    kept = []
    for candidate, at, is_dropped in zip(candidates, places, np.split(dropped, ends), strict=True):
        mark = np.array(candidate, order="C")
        mark.reshape(-1)[at[is_dropped]] = False
        kept.append(mark)
    return kept
