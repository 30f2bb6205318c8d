"""Going through many scores once: in pieces that fit into a cache, or at a sample of places."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import numpy as np

__all__ = ["all_finite", "chunks", "num_true", "sample"]

_CHUNK = 1 << 18  # elements looked at together: a few of them fit into a core's cache


def chunks(*lists: Sequence[np.ndarray]) -> Iterator[tuple[np.ndarray, ...]]:
    """Walks through several lists of arrays in step, in short flat pieces.

    Args:
        *lists: as many arrays in each, of the same shapes from list to list, in row-major order.
    """
    for arrays in zip(*lists, strict=True):
        flat = [a.reshape(-1) for a in arrays]
        for start in range(0, flat[0].size, _CHUNK):
            yield tuple(f[start : start + _CHUNK] for f in flat)


def all_finite(scores: np.ndarray) -> bool:
    """Tells whether there is neither NaN nor infinity, without an array of answers.

    Args:
        scores: a floating-point array.
    """
    return all(bool(np.isfinite(chunk).all()) for (chunk,) in chunks([scores]))


def num_true(arrays: Sequence[np.ndarray]) -> int:
    """Counts what is True in several boolean arrays together."""
    return sum(int(np.count_nonzero(a)) for a in arrays)


def sample(
    scores: Sequence[np.ndarray], candidates: Sequence[np.ndarray], num_places: int
) -> np.ndarray:
    """Returns the scores of the candidates among so many places, drawn at random.

    The places are the same in every call, so nothing depends on a state; only the speed of what
    starts from a sample depends on them.

    Args:
        scores: arrays of any shapes.
        candidates: boolean arrays of these shapes.
        num_places: how many places are looked at in all, about, each array in proportion.

    Returns:
        A flat array, in the order of the arrays and, within one, in row-major order.
    """
    num_weights = sum(s.size for s in scores)
    drawn = []
    for score, candidate in zip(scores, candidates, strict=True):
        if score.size:
            at = _places(score.size, -(-num_places * score.size // num_weights))
            drawn.append(score.reshape(-1)[at][candidate.reshape(-1)[at]])
    return np.concatenate(drawn)


@functools.lru_cache(maxsize=512)
def _places(size: int, count: int) -> np.ndarray:
    places = np.sort(np.random.default_rng(0).integers(0, size, count))
    places.setflags(write=False)
    return places
