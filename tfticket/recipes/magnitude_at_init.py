"""Magnitude at the initialisation: a baseline for pruning before training."""

from __future__ import annotations

from typing import ClassVar

from tfticket.recipes._at_initialization import AtInitialization
from tfticket.recipes.base import Paper

__all__ = ["MagnitudeAtInit"]


class MagnitudeAtInit(AtInitialization):
    """Keep the largest initial weights: a baseline for pruning before training."""

    paper: ClassVar[Paper] = Paper("Frankle et al. 2021", "https://arxiv.org/abs/2009.08576")
    score: ClassVar[str] = "magnitude"
