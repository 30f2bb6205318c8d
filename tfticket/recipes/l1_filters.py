"""Filter pruning: after training, the filters of smallest norm go."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tfticket.recipes import fields
from tfticket.recipes._channels import ChannelRecipe, train_small
from tfticket.recipes.base import Paper

if TYPE_CHECKING:
    from tfticket.lottery import Level
    from tfticket.recipes.run.context import Run

__all__ = ["L1Filters"]


class L1Filters(ChannelRecipe):
    """Remove the filters of smallest L1 norm in each layer after training, and fine-tune."""

    paper: ClassVar[Paper] = Paper("Li et al. 2017", "https://arxiv.org/abs/1608.08710")

    channel_sparsity: fields.ChannelSparsity = 0.5
    score: fields.ChannelScore = "l1"
    scope: fields.ChannelScope = "layer"
    fine_tune_steps: fields.FineTuneSteps = None
    examples_per_class: fields.ExamplesPerClass = 10

    def treat(self, run: Run, level: Level) -> Level:
        """Shrinks the trained network and trains it on, at the last learning rate."""
        from tfticket import slimming
        from tfticket.rewinding import restore

        restore(run.model, level.trained)
        masks = slimming.channel_masks(
            run.model,
            self.channel_sparsity,
            score=self.score,
            evidence=run.evidence(self.examples_per_class),
            scope=self.scope,
            limits=self.limits,
        )
        small = slimming.shrink(run.model, masks, carry_optimizer=True)
        more = run.training.num_steps if self.fine_tune_steps is None else self.fine_tune_steps
        until = run.training.num_steps + int(more)
        log = {"training_flops": 0}
        return train_small(
            run, level, masks, log, small=small, until=until, details={"settings": self.to_dict()}
        )
