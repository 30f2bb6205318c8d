"""SNIP: pruning before training by connection sensitivity."""

from __future__ import annotations

from typing import ClassVar

from tfticket.recipes._at_initialization import OfOneBatch
from tfticket.recipes.base import Paper

__all__ = ["Snip"]


class Snip(OfOneBatch):
    """Keep the weights whose absence would change the loss of one batch most."""

    paper: ClassVar[Paper] = Paper("Lee et al. 2019", "https://arxiv.org/abs/1810.02340")
    score: ClassVar[str] = "snip"
