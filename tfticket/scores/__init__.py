"""Scores: what is each weight worth? One file each, by object or by name."""

from __future__ import annotations

from tfticket.scores.base import Evidence, Score
from tfticket.scores.magnitude import Magnitude
from tfticket.scores.random import Random

__all__ = ["SCORES", "Evidence", "Magnitude", "Random", "Score", "get"]

#: Every score that has a name.
SCORES: dict[str, type[Score]] = {s.name: s for s in (Magnitude, Random)}


def get(score: str | Score) -> Score:
    """Returns a score by name, or the object itself.

    >>> get("magnitude").name
    'magnitude'

    Args:
        score: one of `SCORES`, or a `Score`.

    Raises:
        ValueError: if there is no score of that name.
        TypeError: if it is neither text nor a `Score`.
    """
    if isinstance(score, Score):
        return score
    if not isinstance(score, str):
        raise TypeError(f"`score` must be a name or a `Score`. Received: score={score!r}")
    if score not in SCORES:
        raise ValueError(f"`score` must be one of {sorted(SCORES)}. Received: score={score!r}")
    return SCORES[score]()
