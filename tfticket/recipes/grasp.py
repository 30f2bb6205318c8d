"""GraSP: pruning before training by gradient flow."""

from __future__ import annotations

from typing import ClassVar

from tfticket.recipes._at_initialization import OfOneBatch
from tfticket.recipes.base import Paper

__all__ = ["GraSP"]


class GraSP(OfOneBatch):
    """Keep the weights whose absence would weaken the gradient of one batch most."""

    paper: ClassVar[Paper] = Paper("Wang et al. 2020", "https://arxiv.org/abs/2002.07376")
    score: ClassVar[str] = "grasp"
