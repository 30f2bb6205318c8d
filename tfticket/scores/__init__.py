"""Scores: what is each weight worth? By object or by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfticket.registry import by_name, look_up
from tfticket.scores.base import Evidence, MaskedWeights, Score
from tfticket.scores.grasp import Grasp
from tfticket.scores.magnitude import Magnitude
from tfticket.scores.movement import Movement
from tfticket.scores.random import Random
from tfticket.scores.saliency import Saliency
from tfticket.scores.snip import Snip
from tfticket.scores.synflow import NonHomogeneousWarning, SynFlow
from tfticket.scores.taylor import Taylor
from tfticket.scores.wanda import Wanda
from tfticket.scores.zhou import (
    Displacement,
    LargeFinalDiffSign,
    LargeFinalSameSign,
    LargeInit,
    LargeInitLargeFinal,
    MagnitudeIncrease,
    SmallFinal,
    SmallInit,
    SmallInitSmallFinal,
)

__all__ = [
    "SCORES",
    "Displacement",
    "Evidence",
    "Grasp",
    "LargeFinalDiffSign",
    "LargeFinalSameSign",
    "LargeInit",
    "LargeInitLargeFinal",
    "Magnitude",
    "MagnitudeIncrease",
    "MaskedWeights",
    "Movement",
    "NonHomogeneousWarning",
    "Random",
    "Saliency",
    "Score",
    "SmallFinal",
    "SmallInit",
    "SmallInitSmallFinal",
    "Snip",
    "SynFlow",
    "Taylor",
    "Wanda",
    "get",
]

_NAMED: tuple[type[Score], ...] = (
    Magnitude,
    SmallFinal,
    LargeInit,
    SmallInit,
    LargeInitLargeFinal,
    SmallInitSmallFinal,
    LargeFinalSameSign,
    LargeFinalDiffSign,
    MagnitudeIncrease,
    Displacement,
    Random,
    Snip,
    Grasp,
    SynFlow,
    Saliency,
    Taylor,
    Wanda,
    Movement,
)

#: Every score by name. What Zhou et al. call large final is the magnitude.
SCORES: dict[str, type[Score]] = {**by_name(_NAMED), "large_final": Magnitude}


def get(score: str | Mapping[str, Any] | Score) -> Score:
    """Returns a score by name or configuration, or the object itself.

    >>> get("magnitude").name
    'magnitude'
    >>> get({"name": "grasp", "temperature": 100}).temperature
    100

    Args:
        score: one of `SCORES`, a mapping `{"name": …, setting: value}`, or a `Score`.

    Raises:
        ValueError: if there is no score of that name.
        TypeError: if it is of another kind, or a setting is unknown.
    """
    return look_up(score, SCORES, "score", Score)
