"""Scratch-B: the pruned architecture from new weights, for as many FLOPs."""

from __future__ import annotations

from typing import ClassVar, Literal

from tfticket.recipes._scratch import FromScratch
from tfticket.recipes.base import Paper

__all__ = ["ScratchB"]


class ScratchB(FromScratch):
    """Train the pruned architecture from new random weights, for as many FLOPs as the dense one.

    At most twice as many steps, as in the paper.
    """

    paper: ClassVar[Paper] = Paper("Liu et al. 2019", "https://arxiv.org/abs/1810.05270")
    budget: ClassVar[Literal["steps", "flops"]] = "flops"
