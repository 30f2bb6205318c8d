"""Continuous sparsification: a ticket from one training, whose mask hardens while it is trained."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from tfticket.recipes import fields
from tfticket.recipes._trained_sparsity import TrainedSparsity
from tfticket.recipes.base import Paper
from tfticket.settings import Count, NonNegative, Step

if TYPE_CHECKING:
    from typing_extensions import Self

    from tfticket.lottery import Level
    from tfticket.recipes.run.context import Run, Task
    from tfticket.rewinding import TrainingState
    from tfticket.supermasks import Masker

__all__ = ["ContinuousSparsification"]


class ContinuousSparsification(TrainedSparsity):
    """Train weights under a soft mask that hardens; rewind what it keeps and train that alone.

    A ticket takes `rounds` trainings to find, and one more to train: by a new optimizer and for all
    steps, from wherever it starts. How many weights it keeps is found, not asked for: fewer with a
    lower initial score, a larger penalty, or more rounds.
    """

    paper: ClassVar[Paper] = Paper("Savarese et al. 2020", "https://arxiv.org/abs/1912.04427")

    rounds: Count = 1
    """Trainings of weights and mask, one after the other: each starts from the weights of the one
    before, with scores min(s β, initial score) and a temperature β of 1."""
    rewind_to: Step = 0
    """Step of the first of them that the ticket's weights go back to: 0, 500it, 2ep."""
    initial_score: fields.InitialScore = 0.0
    """Score of every weight at the start; the lower, the fewer are kept. Published are -0.3 to
    0.3."""
    mask_penalty: NonNegative = 1e-8
    """Factor of the sum of the soft masks in the loss."""
    final_temperature: Annotated[float, Field(gt=1, allow_inf_nan=False)] = 200.0
    """Temperature at the end of each training; it starts at 1 and rises exponentially."""

    def resolved(self, task: Task) -> Self:
        """See `Recipe`; the rewind point must lie within a training."""
        made = super().resolved(task)
        if int(made.rewind_to) >= task.training.num_steps:
            raise ValueError(
                "`rewind_to` must lie before the end of a training. Received:"
                f" rewind_to={self.rewind_to!r} (step {made.rewind_to}),"
                f" num_steps={task.training.num_steps}"
            )
        return made

    def masker(self) -> Masker:
        """See `TrainedSparsity`."""
        from tfticket import supermasks

        return supermasks.ContinuousSparsification(
            initial_score=self.initial_score,
            mask_penalty=self.mask_penalty,
            final_temperature=self.final_temperature,
            evaluation="soft",
        )

    def treat(self, run: Run, level: Level) -> Level:
        """Finds the mask, and trains the rewound ticket."""
        from tfticket import supermasks
        from tfticket.rewinding import restore

        restore(run.model, level.states[0])
        made = self._compiled(self._converted(run), run)
        point, log = self._searched(run, made)
        _, found = supermasks.to_plain(made)
        ticket = dataclasses.replace(
            found,
            weights={p: point.weights[p] for p in found.weights},
            provenance=run.provenance(1, **found.provenance, rewind_step=point.step),
        )
        tried = self.try_ticket(run, ticket)
        return dataclasses.replace(tried, log={**(tried.log or {}), **log}, states=level.states)

    def _searched(self, run: Run, made: Any) -> tuple[TrainingState, dict[str, Any]]:
        """Trains weights and mask, round by round; returns the rewind point and what to note."""
        from tfticket import supermasks
        from tfticket.callbacks import AnnealTemperature, RecordRewindPoint, SupermaskLog
        from tfticket.rewinding import fresh_optimizer

        num_steps, followed = run.training.num_steps, SupermaskLog()
        recorder = RecordRewindPoint(int(self.rewind_to))
        for number in range(self.rounds):
            if number:
                supermasks.next_round(made)
                fresh_optimizer(made)
            first = [] if number else [recorder]
            run.train(made, [AnnealTemperature(num_steps), followed, *first])
        searched = self.rounds * num_steps
        log = {
            "density": followed.density,
            "mask_change": followed.mask_change,
            "search_steps": searched,
            "remarks": [f"finding the ticket's mask took {searched} steps of training before"],
        }
        return recorder.state, log
