"""SET: a mask that moves at random."""

from __future__ import annotations

from typing import ClassVar

from tfticket.recipes._dynamic import DynamicTraining
from tfticket.recipes.base import Paper

__all__ = ["SET"]


class SET(DynamicTraining):
    """Train sparse from the start; the smallest weights go, others come at random."""

    paper: ClassVar[Paper] = Paper("Mocanu et al. 2018", "https://arxiv.org/abs/1707.04780")
    method: ClassVar[str] = "set"
