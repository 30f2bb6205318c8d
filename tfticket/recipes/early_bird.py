"""Early-bird tickets: channels go as soon as it is settled which ones."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from tfticket.recipes import fields
from tfticket.recipes._channels import ChannelRecipe, search_by_penalty, train_small
from tfticket.recipes.base import Paper
from tfticket.settings import Fraction, Interval, Positive, Step

if TYPE_CHECKING:
    from typing_extensions import Self

    from tfticket.lottery import Level
    from tfticket.masks import Masks
    from tfticket.recipes.run.context import Run, Task
    from tfticket.zoo.training import Training

__all__ = ["EarlyBird"]

_USUAL_LOOKS = 40


class EarlyBird(ChannelRecipe):
    """Remove channels as soon as it is settled which ones, and train the smaller network on.

    The dense network is trained beside it, to the end. Needs BatchNormalization.
    """

    paper: ClassVar[Paper] = Paper("You et al. 2020", "https://arxiv.org/abs/1909.11957")

    channel_sparsity: fields.ChannelSparsity = 0.5
    epsilon: Fraction = 0.1
    """Largest distance of the newest mask from the others, a fraction of the channels."""
    queue_length: Annotated[int, Field(ge=2, strict=True)] = 5
    """Number of masks compared."""
    every: Interval | None = None
    """How often to look at the mask; left out, forty times in the training."""
    draw_at: Step | None = None
    """Step at which the ticket is drawn, settled or not; left out, as soon as it has settled."""
    search_precision: Literal["float32", "bfloat16", "float8", "int8"] = "float32"
    """What the search computes in, emulated in float32; the ticket is trained in float32."""
    penalty: fields.Penalty = 1e-4
    initial_scale: Positive | None = 0.5
    """What scales start from; none leaves them as they are."""
    scope: fields.ChannelScope = "global"

    def resolved(self, task: Task) -> Self:
        """See `Recipe`.

        Raises:
            ValueError: if training may stop where there is no validation, or after its end.
        """
        training = task.training
        usual = math.lcm(max(1, training.num_steps // _USUAL_LOOKS), training.eval_every or 1)
        made = self.model_copy(update={"every": usual}) if self.every is None else self
        made = super(EarlyBird, made).resolved(task)
        if int(made.every or 1) > training.num_steps:
            raise ValueError(
                "`every` must be at most `num_steps`: the mask is looked at while it is trained."
                f" Received: every={made.every}, num_steps={training.num_steps}"
            )
        if training.eval_every and int(made.every or 1) % training.eval_every:
            raise ValueError(
                "`every` must be a multiple of `eval_every`: training may stop then, and goes on"
                f" from there. Received: every={made.every}, eval_every={training.eval_every}"
            )
        made._check_draw_at(training)
        looks = training.num_steps // int(made.every or 1)
        if self.draw_at is None and looks < self.queue_length:
            raise ValueError(
                "`every` must leave room for `queue_length` looks, or no mask can settle; or give"
                f" `draw_at`. Received: every={made.every},"
                f" num_steps={training.num_steps}, queue_length={self.queue_length}"
            )
        return made

    def _check_draw_at(self, training: Training) -> None:
        step = self.draw_at
        if step is None:
            return
        if not 1 <= int(step) <= training.num_steps:
            raise ValueError(
                "`draw_at` must be a step of the training, 1 or later: scales are alike before it."
                f" Received: draw_at={step}, num_steps={training.num_steps}"
            )
        if int(step) % (training.eval_every or 1):
            raise ValueError(
                "`draw_at` must be a multiple of `eval_every`: training stops there, and goes on."
                f" Received: draw_at={step}, eval_every={training.eval_every}"
            )

    @model_validator(mode="after")
    def _can_settle(self) -> Self:
        if 2 * min(self.channel_sparsity, 1 - self.channel_sparsity) < self.epsilon:
            raise ValueError(
                "`epsilon` must be at most twice `channel_sparsity`, and twice what is kept:"
                f" any two masks are nearer otherwise. Received: epsilon={self.epsilon},"
                f" channel_sparsity={self.channel_sparsity}"
            )
        return self

    @property
    def needs_scales(self) -> bool:
        """See `ChannelRecipe`."""
        return True

    def check(self, run: Run) -> None:
        """See `ChannelRecipe`; the network must be able to compute in the search's precision."""
        from tfticket.low_precision.computing import check_precision

        super().check(run)
        check_precision(run.model, self.search_precision)

    def treat(self, run: Run, level: Level) -> Level:
        """Trains from the same start until the mask has settled, shrinks, and trains on."""
        from tfticket import slimming
        from tfticket.callbacks import StopAtEarlyBird

        early = StopAtEarlyBird(
            self.channel_sparsity,
            epsilon=self.epsilon,
            queue_length=self.queue_length,
            every=int(self.every or 1),
            stop=self.draw_at is None,
            score="scale",
            scope=self.scope,
            limits=self.limits,
        )
        log = self._search(run, level, early)
        looks = [dataclasses.asdict(o) for o in early.early_bird.observations]
        log |= {"found_at": early.found_at, "looks": looks}
        log["remarks"] = [*self._drawn_when(run, early.found_at), *log.get("remarks", ())]
        masks = early.masks if self.draw_at is None else self._drawn(run)
        small = slimming.shrink(run.model, masks, carry_optimizer=True)
        until = run.training.num_steps
        return train_small(
            run, level, masks, log, small=small, until=until, details={"settings": self.to_dict()}
        )

    def _drawn_when(self, run: Run, found_at: int | None) -> list[str]:
        """Says at which step the ticket was drawn, and whether its mask had settled."""
        last = run.training.num_steps
        if found_at is None and self.draw_at is None:
            return [
                f"the mask never settled: the ticket was drawn at the last step, {last:,}, and not"
                " trained after it"
            ]
        settled = "had not settled" if found_at is None else f"had settled by step {found_at:,}"
        drawn = int(self.draw_at or found_at or last)
        return [f"the ticket was drawn at step {drawn:,} of {last:,}; its mask {settled}"]

    def _search(self, run: Run, level: Level, early: Any) -> dict[str, Any]:
        from tfticket.low_precision import compute_in

        until = None if self.draw_at is None else int(self.draw_at)
        with compute_in(run.model, self.search_precision, seed=run.seed) as lowered:
            log = search_by_penalty(
                run, level, self.penalty, self.initial_scale, callbacks=[early], until=until
            )
        if lowered is not None:
            said = [f"searched in {lowered}, trained in float32"]
            if lowered.unreached:
                said.append(f"not rounded, since no attribute holds them: {lowered.unreached}")
            log |= {"search_precision": str(lowered), "remarks": said}
        return log

    def _drawn(self, run: Run) -> Masks:
        from tfticket import slimming

        how = {"score": "scale", "scope": self.scope, "limits": self.limits}
        return slimming.channel_masks(run.model, self.channel_sparsity, **how)
