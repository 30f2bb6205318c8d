"""RigL: a mask that moves to where the gradient is large."""

from __future__ import annotations

from typing import ClassVar

from tfticket.recipes._dynamic import DynamicTraining
from tfticket.recipes.base import Paper

__all__ = ["RigL"]


class RigL(DynamicTraining):
    """Train sparse from the start; the smallest weights go, those of largest gradient come."""

    paper: ClassVar[Paper] = Paper("Evci et al. 2020", "https://arxiv.org/abs/1911.11134")
    method: ClassVar[str] = "rigl"
