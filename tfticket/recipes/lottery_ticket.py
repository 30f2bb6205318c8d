"""The lottery ticket: iterative magnitude pruning with rewinding to the initialisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tfticket.recipes._iterative import Iterative
from tfticket.recipes.base import Paper
from tfticket.settings import Step

if TYPE_CHECKING:
    from tfticket.actions import Action

__all__ = ["LotteryTicket"]


class LotteryTicket(Iterative):
    """Train, prune the smallest weights, rewind the rest, again."""

    paper: ClassVar[Paper] = Paper("Frankle & Carbin 2019", "https://arxiv.org/abs/1803.03635")

    rewind_to: Step = 0
    """Step that kept weights go back to, with the whole training state: 0, 500it, 2ep."""

    def action(self) -> Action:
        """Returns rewinding."""
        from tfticket.actions import Rewind

        return Rewind(self.rewind_to)
