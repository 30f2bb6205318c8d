"""Random masks at the initialisation: the baseline every method has to beat."""

from __future__ import annotations

from typing import ClassVar

from tfticket.recipes._at_initialization import AtInitialization
from tfticket.recipes.base import Paper

__all__ = ["RandomAtInit"]


class RandomAtInit(AtInitialization):
    """Keep weights at random: the baseline every other method has to beat."""

    paper: ClassVar[Paper] = Paper("Frankle et al. 2021", "https://arxiv.org/abs/2009.08576")
    score: ClassVar[str] = "random"
