"""Sparse from the first step on, masks moving while training: what such recipes share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from tfticket.recipes import fields
from tfticket.recipes.base import MaskingRecipe
from tfticket.settings import Interval, Step

if TYPE_CHECKING:
    from typing_extensions import Self

    from tfticket.lottery import Level
    from tfticket.recipes.run.context import Run, Task

__all__ = ["DynamicTraining"]


class DynamicTraining(MaskingRecipe):
    """Level 0 is trained densely; level 1 from the same start, sparse from the first step on.

    The ticket has the final masks and the initial weights; the network itself is what training
    leaves.

    Attributes:
        method: of `tfticket.callbacks.DynamicSparse`.
    """

    method: ClassVar[str]

    sparsity: fields.Sparsity = 0.9
    scope: fields.Scope = "erk"
    fraction: Annotated[float, Field(gt=0, le=1)] = 0.3
    """Fraction of each kernel's kept weights that moves at first; it falls as half a cosine."""
    frequency: Interval = 100
    """Steps from one move to the next."""
    end_step: Step | None = None
    """Step from which on masks stay; left out, three quarters of the training."""

    def resolved(self, task: Task) -> Self:
        """See `Recipe`."""
        num_steps = task.training.num_steps
        end = num_steps * 3 // 4 if self.end_step is None else self.end_step
        made = super(DynamicTraining, self.model_copy(update={"end_step": end})).resolved(task)
        if int(made.end_step or 0) > num_steps:
            raise ValueError(
                "`end_step` must lie within the training. Received:"
                f" end_step={made.end_step}, num_steps={num_steps}"
            )
        return made

    def treat(self, run: Run, level: Level) -> Level:
        """Trains from the same start again, sparse."""
        from tfticket.callbacks import DynamicSparse
        from tfticket.lottery import Level
        from tfticket.rewinding import capture, restore
        from tfticket.tickets import Ticket

        restore(run.model, level.states[0])
        moving = DynamicSparse(
            self.sparsity,
            method=self.method,  # type: ignore[arg-type]
            scope=self.scope,
            fraction=self.fraction,
            frequency=int(self.frequency),
            end_step=None if self.end_step is None else int(self.end_step),
            prunable=self.filter,
            seed=run.seed,
        )
        try:
            log = run.train(run.model, [moving])
        finally:
            moving.release()
        details = run.provenance(1, settings=self.to_dict())
        ticket = Ticket(moving.masks, level.states[0].weights, details)
        log = {**log, "moves": [list(pair) for pair in moving.history]}
        metrics = dict(run.evaluate(run.model))
        return Level(1, ticket, capture(run.model), metrics, log, level.states)
