"""Pruning inside one training, whatever weights are ranked by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfticket.recipes import fields
from tfticket.recipes.base import WeightRecipe
from tfticket.settings import Interval, Step

if TYPE_CHECKING:
    from typing_extensions import Self

    from tfticket.callbacks import PruneOnSchedule
    from tfticket.lottery import Level
    from tfticket.recipes.run.context import Run, Task
    from tfticket.scores import Evidence

__all__ = ["PrunedInOneTraining"]


class PrunedInOneTraining(WeightRecipe):
    """Level 0 is dense; the next one is the same training again, with the schedule."""

    sparsity: fields.Sparsity = 0.9
    begin_step: Step = 0
    """First step to prune at."""
    end_step: Step | None = None
    """Last step to prune at; left out, three quarters of the training."""
    frequency: Interval | None = None
    """Steps from one pruning to the next; left out, a hundredth of the training."""
    scope: fields.Scope = "layer"

    @property
    def ranked_by(self) -> Any:
        """The score, or its name."""
        raise NotImplementedError

    def evidence(self, run: Run) -> Evidence | None:
        """Returns what the score needs besides the weights.

        Args:
            run: with the data.
        """
        del run
        return None

    def resolved(self, task: Task) -> Self:
        """See `Recipe`."""
        num_steps = task.training.num_steps
        end = num_steps * 3 // 4 if self.end_step is None else self.end_step
        usual = {"end_step": end, "frequency": self.frequency or max(1, num_steps // 100)}
        made = super(PrunedInOneTraining, self.model_copy(update=usual)).resolved(task)
        begin, end = int(made.begin_step), int(made.end_step or 0)
        if not begin <= end <= num_steps:
            raise ValueError(
                "`end_step` must lie between `begin_step` and the end of the training: that is"
                f" where the sparsity is reached. Received: begin_step={begin}, end_step={end},"
                f" num_steps={num_steps}"
            )
        return made

    def treat(self, run: Run, level: Level) -> Level:
        """Trains from the same start again, with the schedule."""
        from tfticket.lottery import Level
        from tfticket.rewinding import capture, restore
        from tfticket.tickets import Ticket

        initial, pruning = level.states[0], self._callback(run)
        restore(run.model, initial)
        try:
            log = {**run.train(run.model, [pruning]), "prunings": pruning.history}
            metrics = run.evaluate(run.model)
            details = run.provenance(1, schedule=pruning.schedule.get_config())
            ticket = Ticket(pruning.masks, initial.weights, details)
            return Level(1, ticket, capture(run.model), metrics, log, level.states)
        finally:
            pruning.release()

    def _callback(self, run: Run) -> PruneOnSchedule:
        from tfticket.callbacks import PruneOnSchedule
        from tfticket.schedules import Polynomial

        schedule = Polynomial(
            self.sparsity,
            begin_step=int(self.begin_step),
            end_step=int(self.end_step or 0),
            frequency=int(self.frequency or 1),
        )
        return PruneOnSchedule(
            schedule,
            score=self.ranked_by,
            scope=self.scope,
            granularity=self.granularity,
            prunable=self.filter,
            evidence=self.evidence(run),
        )
