"""Wanda: pruning a trained network by weights and activations."""

from __future__ import annotations

from typing import ClassVar

from tfticket.recipes._post_training import PostTraining
from tfticket.recipes.base import Paper

__all__ = ["Wanda"]


class Wanda(PostTraining):
    """Train, then prune the smallest |weight| x |input| of each output; train no more."""

    paper: ClassVar[Paper] = Paper("Sun et al. 2023", "https://arxiv.org/abs/2306.11695")
    method: ClassVar[str] = "wanda"
