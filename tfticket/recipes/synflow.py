"""SynFlow: pruning before training without any data."""

from __future__ import annotations

from typing import ClassVar

from tfticket.recipes._at_initialization import AtInitialization
from tfticket.recipes.base import Paper
from tfticket.settings import Count

__all__ = ["SynFlow"]


class SynFlow(AtInitialization):
    """Keep the weights through which most flows, by no data at all, in a hundred rounds."""

    paper: ClassVar[Paper] = Paper("Tanaka et al. 2020", "https://arxiv.org/abs/2006.05467")
    score: ClassVar[str] = "synflow"

    rounds: Count = 100
    """Number of prunings of equal rate, without training in between."""
