"""Pruning before any training, beside the same training without: what such recipes share."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from tfticket.recipes import fields
from tfticket.recipes.base import WeightRecipe
from tfticket.settings import Count

if TYPE_CHECKING:
    from typing_extensions import Self

    from tfticket.lottery import Level
    from tfticket.pruning_method import PruningMethod
    from tfticket.recipes.run.context import Run, Task
    from tfticket.scores import Evidence

__all__ = ["AtInitialization", "OfOneBatch"]


class AtInitialization(WeightRecipe):
    """Level 0 is trained without pruning; level 1 is pruned at the same start and trained.

    Attributes:
        score: what each weight is worth before any training.
    """

    score: ClassVar[str]

    sparsity: fields.Sparsity = 0.9
    rounds: Count = 1
    """Number of prunings of equal rate, without training in between."""
    scope: fields.Scope = "global"

    def resolved(self, task: Task) -> Self:
        """See `Recipe`; the unit must be able to have the sparsity."""
        self.method()
        return super().resolved(task)

    def method(self) -> PruningMethod:
        """Returns the choices that the recipe is."""
        from tfticket.pruning_method import PruningMethod
        from tfticket.schedules import Exponential

        return PruningMethod(
            Exponential(self.sparsity, rounds=self.rounds),
            score=self.score,
            scope=self.scope,
            granularity=self.granularity,
            action="fine_tune",
        )

    def check(self, run: Run) -> None:
        """See `Recipe`; scores the network once, so that it is known whether it can be scored."""
        from tfticket import weights
        from tfticket.share import warn_of_share

        super().check(run)
        warn_of_share(run.model, self.filter)
        present = weights.read(run.model, self.filter)
        evidence = dataclasses.replace(self.evidence(run), weights=present)
        self.method().score(run.model, evidence)

    def evidence(self, run: Run) -> Evidence:
        """Returns what the score looks at besides the weights.

        Args:
            run: has the examples.
        """
        return run.evidence()

    def start(self, run: Run) -> Level:
        """See `MaskingRecipe`."""
        from tfticket import weights

        return run.dense(weights.read(run.model, self.filter), release=False)

    def treat(self, run: Run, level: Level) -> Level:
        """Prunes the initial network, and trains it."""
        from tfticket.pruning import prune
        from tfticket.rewinding import restore

        restore(run.model, level.states[0])
        ticket = prune(run.model, self.method(), prunable=self.filter, evidence=self.evidence(run))
        ticket = dataclasses.replace(ticket, provenance=run.provenance(1, **ticket.provenance))
        trained = run.train_ticket(ticket)
        return dataclasses.replace(trained, states=level.states)


class OfOneBatch(AtInitialization):
    """The score looks at one batch that has as many examples of every class."""

    examples_per_class: fields.ExamplesPerClass = 10

    def evidence(self, run: Run) -> Evidence:
        """See `AtInitialization`."""
        return run.evidence(self.examples_per_class)
