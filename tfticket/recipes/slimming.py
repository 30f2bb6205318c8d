"""Network slimming: training itself chooses channels, by a penalty on their scales."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tfticket.recipes import fields
from tfticket.recipes._channels import ChannelRecipe, search_by_penalty, train_small
from tfticket.recipes.base import Paper
from tfticket.settings import Positive

if TYPE_CHECKING:
    from tfticket.lottery import Level
    from tfticket.recipes.run.context import Run

__all__ = ["Slimming"]


class Slimming(ChannelRecipe):
    """Train with a penalty on normalisation scales, remove the smallest, fine-tune the rest.

    The dense network is trained beside it, without the penalty. Needs BatchNormalization.
    """

    paper: ClassVar[Paper] = Paper("Liu et al. 2017", "https://arxiv.org/abs/1708.06519")

    channel_sparsity: fields.ChannelSparsity = 0.5
    penalty: fields.Penalty = 1e-4
    initial_scale: Positive | None = 0.5
    """What scales start from; none leaves them as they are."""
    scope: fields.ChannelScope = "global"
    fine_tune_steps: fields.FineTuneSteps = None

    @property
    def needs_scales(self) -> bool:
        """See `ChannelRecipe`."""
        return True

    def treat(self, run: Run, level: Level) -> Level:
        """Trains with the penalty from the same start, shrinks, and fine-tunes."""
        from tfticket import slimming

        log = search_by_penalty(run, level, self.penalty, self.initial_scale)
        masks = slimming.channel_masks(
            run.model,
            self.channel_sparsity,
            score="scale",
            evidence=run.evidence(),
            scope=self.scope,
            limits=self.limits,
        )
        small = slimming.shrink(run.model, masks, carry_optimizer=True)
        more = run.training.num_steps if self.fine_tune_steps is None else self.fine_tune_steps
        until = run.training.num_steps + int(more)
        return train_small(
            run, level, masks, log, small=small, until=until, details={"settings": self.to_dict()}
        )
