"""Zhou's supermask: a mask from training over weights that are not trained."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from tfticket.recipes import fields
from tfticket.recipes.base import Paper, WeightRecipe

if TYPE_CHECKING:
    from typing_extensions import Self

    from tfticket.lottery import Level
    from tfticket.pruning_method import PruningMethod
    from tfticket.recipes.run.context import Run, Task
    from tfticket.tickets import Ticket

__all__ = ["ZhouSupermask"]


class ZhouSupermask(WeightRecipe):
    """Train once for a mask, and try the mask over the initial weights, untrained.

    Controls are not trained either, and meet the same action.
    """

    paper: ClassVar[Paper] = Paper("Zhou et al. 2019", "https://arxiv.org/abs/1905.01067")
    trains_levels: ClassVar[bool] = False

    sparsity: fields.Sparsity = 0.9
    score: fields.Score = "large_final"
    scope: fields.Scope = "layer"
    action: fields.Action = "signed_constant"
    examples_per_class: fields.ExamplesPerClass = 10

    def resolved(self, task: Task) -> Self:
        """See `Recipe`; the unit must be able to have the sparsity."""
        self.method()
        return super().resolved(task)

    def method(self) -> PruningMethod:
        """Returns the choices that the recipe is."""
        from tfticket.pruning_method import PruningMethod
        from tfticket.schedules import OneShot

        return PruningMethod(
            OneShot(self.sparsity),
            score=self.score,
            scope=self.scope,
            granularity=self.granularity,
            action=self.action,
            rounds=1,
        )

    def treat(self, run: Run, level: Level) -> Level:
        """Takes the mask of the trained weights, and measures it over the initial ones."""
        from tfticket.pruning import next_masks
        from tfticket.rewinding import restore
        from tfticket.tickets import Ticket

        restore(run.model, level.trained)
        initial, method = level.states[0].weights, self.method()
        evidence = run.evidence(
            self.examples_per_class,
            weights={p: level.trained.weights[p] for p in level.masks},
            rewind_points={0: {p: initial[p] for p in level.masks}},
        )
        masks = next_masks(run.model, method, 1, level.masks, evidence)
        ticket = Ticket(masks, initial, run.provenance(1, method=method.config()))
        tried = self.try_ticket(run, ticket)
        return dataclasses.replace(tried, round=1, states=level.states)

    def try_ticket(self, run: Run, ticket: Ticket) -> Level:
        """Acts on a ticket's start weights and measures the masked network as it then is.

        Args:
            run: whatever its model holds.
            ticket: with the initial weights that the action is to act on.
        """
        from tfticket import actions
        from tfticket.actions import RewindPoints
        from tfticket.initializers import draws
        from tfticket.recipes._untrained import measured

        masks, start = ticket.masks_for(run.model), ticket.weights
        points = RewindPoints({0: start}, draws(run.model, masks))
        acted = actions.get(self.action)(start, masks, points)
        return measured(run, dataclasses.replace(ticket, weights=acted))
