"""Learning-rate rewinding: weights stay, the learning-rate schedule goes back."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from tfticket.recipes import fields
from tfticket.recipes._iterative import Iterative
from tfticket.recipes.base import Paper
from tfticket.settings import Step

if TYPE_CHECKING:
    from tfticket.actions import Action
    from tfticket.lottery import Level
    from tfticket.recipes.run.context import Run

__all__ = ["LearningRateRewinding"]


class LearningRateRewinding(Iterative):
    """Prune, keep the weights, and train again with the learning rates of the first training."""

    paper: ClassVar[Paper] = Paper("Renda et al. 2020", "https://arxiv.org/abs/2003.02389")

    rewind_to: Step = 0
    """Step that the learning-rate schedule and the optimizer go back to: 0, 500it, 2ep."""
    scope: fields.Scope = "global"

    def action(self) -> Action:
        """Returns rewinding of the learning rate."""
        from tfticket.actions import RewindLearningRate

        return RewindLearningRate(self.rewind_to)

    def treat(self, run: Run, level: Level) -> Level:
        """See `Recipe`; says how many steps the weights have gone through, which no clock does."""
        made = super().treat(run, level)
        before, own = level.log or {}, made.log or {}
        steps = before.get("trained_steps", before.get("end_step", 0))
        steps += own["end_step"] - own["start_step"]
        return dataclasses.replace(made, log={**own, "trained_steps": steps})
