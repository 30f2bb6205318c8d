"""Scratch-E: the pruned architecture from new weights, for as many steps."""

from __future__ import annotations

from typing import ClassVar, Literal

from tfticket.recipes._scratch import FromScratch
from tfticket.recipes.base import Paper

__all__ = ["ScratchE"]


class ScratchE(FromScratch):
    """Train the pruned architecture from new random weights, for as many steps as the dense one."""

    paper: ClassVar[Paper] = Paper("Liu et al. 2019", "https://arxiv.org/abs/1810.05270")
    budget: ClassVar[Literal["steps", "flops"]] = "steps"
