"""Late rewinding: tickets that start a little after the initialisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tfticket.recipes import fields
from tfticket.recipes._iterative import Iterative
from tfticket.recipes.base import Paper
from tfticket.settings import Step

if TYPE_CHECKING:
    from tfticket.actions import Action

__all__ = ["LateRewinding"]


class LateRewinding(Iterative):
    """Tickets that start a little after the initialisation: larger networks need that."""

    paper: ClassVar[Paper] = Paper("Frankle et al. 2020", "https://arxiv.org/abs/1912.05671")

    rewind_to: Step = "500it"
    """Step that kept weights go back to, with the whole training state: 0, 500it, 2ep."""
    scope: fields.Scope = "global"

    def action(self) -> Action:
        """Returns rewinding."""
        from tfticket.actions import Rewind

        return Rewind(self.rewind_to)
