"""Masks out the few lowest of many scores: what an update does while a network trains.

From one update to the next a schedule takes a small part of the survivors, and how many is known
beforehand. So their threshold need not be found among all scores: a small sample guesses a value
below which there are enough, and one pass collects the candidates below it, often one in a
hundred, among which the lowest are exact. Of a small part even a small sample tells well how many
lie below a value, whatever the weights did since the last update.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tfticket.selection.scanning import chunks, num_true, sample

__all__ = ["Lowest", "is_few", "lowest_places", "sampled_bound", "without_lowest"]

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
    if not is_few(num_dropped, scores):
        return None
    bound = sampled_bound(scores, candidates, num_dropped)
    found = lowest_places(scores, candidates, num_dropped, bound)
    if found is None:
        return None
    kept = [np.array(c, order="C") for c in candidates]
    for mark, at in zip(kept, found.places, strict=True):
        mark.reshape(-1)[at] = False
    return kept


def is_few(count: int, scores: Sequence[np.ndarray]) -> bool:
    """Tells whether a number of scores is so small a part of all that it pays to look for it.

    Args:
        count: how many.
        scores: all of them, in several arrays.
    """
    return count * _FEW <= sum(s.size for s in scores)


@dataclass(frozen=True)
class Lowest:
    """The lowest candidates of several arrays.

    Attributes:
        places: where they are, array by array, in row-major order.
        num_left: how many candidates below the value looked up to are not among them.
    """

    places: list[np.ndarray]
    num_left: int


def lowest_places(
    scores: Sequence[np.ndarray],
    candidates: Sequence[np.ndarray],
    count: int,
    high: np.floating,
    of_weights: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Lowest | None:
    """Finds the `count` lowest candidates of several arrays together; of equals the last.

    Args:
        scores: floating-point arrays; or weights, if `of_weights` makes scores of any of them.
        candidates: boolean arrays of the same shapes; only these positions compete.
        count: how many.
        high: the value that all of them are below, and not many others.
        of_weights: what is asked for the scores of some weights. Then they need not be finite.

    Returns:
        What was found; `None` if fewer are below `high`, or a score is not finite.
    """
    values, places = [], []
    for score, candidate in zip(scores, candidates, strict=True):
        found = _below(score, candidate, high, of_weights)
        if found is None:
            return None
        values.append(found[0])
        places.append(found[1])
    below = _joined(values)
    if below.size < count:
        return None
    is_lowest, first, lowest = _lowest(below, count), 0, []
    for at in places:
        lowest.append(at[is_lowest[first : first + at.size]])
        first += at.size
    return Lowest(lowest, below.size - count)


def sampled_bound(
    scores: Sequence[np.ndarray],
    candidates: Sequence[np.ndarray],
    num_dropped: int,
    of_weights: Callable[[np.ndarray], np.ndarray] | None = None,
) -> np.floating:
    """Guesses a value below which there are enough candidates, and not many more.

    Args:
        scores: as for `lowest_places`.
        candidates: boolean arrays of the same shapes.
        num_dropped: how many are enough.
        of_weights: as for `lowest_places`.
    """
    infinity = np.result_type(*scores).type(np.inf)
    if sum(s.size for s in scores) <= _SMALL:
        return infinity
    drawn = sample(scores, candidates, _SAMPLE)
    drawn = drawn if of_weights is None else of_weights(drawn)
    rank = drawn.size * num_dropped / num_true(candidates)
    last = int(np.ceil(rank + _SAFETY * np.sqrt(rank) + _SAFETY))
    if last >= drawn.size:
        return infinity
    drawn.partition(last)
    return drawn[last]


def _below(
    score: np.ndarray,
    candidate: np.ndarray,
    high: np.floating,
    of_weights: Callable[[np.ndarray], np.ndarray] | None,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Collects the candidates that are less than `high`: their scores and places.

    What equals it is left out: a value that occurs often would cost as much as it occurs.
    """
    values, places, start = [], [], 0
    for piece, competes in chunks([score], [candidate]):
        given = piece if of_weights is None else of_weights(piece)
        if of_weights is not None and not np.maximum.reduce(given) < np.inf:
            return None  # what is -inf is collected
        inside = given < high
        inside &= competes
        (at,) = inside.nonzero()
        collected = given[at]
        if at.size and np.minimum.reduce(collected) == -np.inf:
            return None
        values.append(collected)
        places.append(at + start if start else at)
        start += piece.size
    if not values:
        return np.empty(0, score.dtype), np.empty(0, np.intp)
    return _joined(values), _joined(places)


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _lowest(values: np.ndarray, count: int) -> np.ndarray:
    """Marks the `count` lowest of some values; of those equal to the greatest of them, the last."""
    if count == 0:
        return np.zeros(values.shape, np.bool_)
    threshold = np.partition(values, count - 1)[count - 1]
    lowest = values < threshold
    tied = np.flatnonzero(values == threshold)
    lowest[tied[tied.size - (count - int(np.count_nonzero(lowest))) :]] = True
    return lowest
