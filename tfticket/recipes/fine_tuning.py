"""Fine-tuning: weights stay, and training goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tfticket.recipes import fields
from tfticket.recipes._iterative import Iterative
from tfticket.recipes.base import Paper

if TYPE_CHECKING:
    from tfticket.actions import Action

__all__ = ["FineTuning"]


class FineTuning(Iterative):
    """Prune and train on, at the last learning rate, for as many steps again after each round."""

    paper: ClassVar[Paper] = Paper("Han et al. 2015", "https://arxiv.org/abs/1506.02626")

    scope: fields.Scope = "global"

    def action(self) -> Action:
        """Returns that nothing becomes of the kept weights."""
        from tfticket.actions import FineTune

        return FineTune()
