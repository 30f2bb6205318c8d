"""Pruning before training, beside the same training without."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tfticket import weights
from tfticket.experiments.dense import dense_level
from tfticket.experiments.training import Evaluate, Train, Training
from tfticket.lottery import Level, train_ticket
from tfticket.pruning import prune
from tfticket.pruning_method import PruningMethod
from tfticket.rewinding import restore
from tfticket.schedules import Exponential
from tfticket.scores import Evidence
from tfticket.tickets import Ticket
from tfticket.weights import FilterLike

__all__ = ["AtInitialization"]


@dataclass(frozen=True)
class AtInitialization:
    """Level 0 is trained without pruning; level 1 is pruned at the same start and trained.

    Args:
        score: what each weight is worth before any training, a name or a `Score`.
        sparsity: fraction of the prunable weights masked out.
        rounds: in how many rounds of equal pruning rate, without training in between.
        scope: where weights are ranked.
        granularity: the unit that is masked together.
    """

    score: Any
    sparsity: float
    rounds: int = 1
    scope: str = "global"
    granularity: Any = "weight"

    @property
    def axes(self) -> PruningMethod:
        """The row over the axes that this is."""
        return PruningMethod(
            Exponential(self.sparsity, rounds=self.rounds),
            score=self.score,
            scope=self.scope,
            granularity=self.granularity,
            action="fine_tune",
        )

    def in_steps(self, training: Training, num_examples: int) -> AtInitialization:
        """Returns itself: nothing happens inside a training."""
        return self

    def moments(self) -> tuple[int, ...]:
        """Returns nothing: nothing happens inside a training."""
        return ()

    def num_rounds(self, model: Any, prunable: FilterLike = None) -> int:
        """Returns 1: there is the dense level, and the one pruned before training."""
        return 1

    def levels(
        self,
        model: Any,
        train: Train,
        *,
        evaluate: Evaluate,
        prunable: FilterLike = None,
        seed: int = 0,
        resume: Level | None = None,
        evidence: Evidence | None = None,
    ) -> Iterator[Level]:
        """Yields the levels after `resume`, each when it has been trained."""
        level = resume
        if level is None:
            prunable, told = weights.read(model, prunable), {"round": 0, "seed": seed}
            level = dense_level(model, train, prunable, evaluate=evaluate, provenance=told)
            yield level
        if level.round == 0:
            restore(model, level.states[0])
            ticket = prune(model, self.axes, prunable=prunable, evidence=evidence)
            provenance = {**ticket.provenance, "round": 1, "seed": seed}
            ticket = dataclasses.replace(ticket, provenance=provenance)
            trained = train_ticket(model, train, ticket, evaluate=evaluate)
            yield dataclasses.replace(trained, states=level.states)

    def try_ticket(self, model: Any, train: Train, ticket: Ticket, *, evaluate: Evaluate) -> Level:
        """Trains another ticket as this method's are: `train_ticket`."""
        return train_ticket(model, train, ticket, evaluate=evaluate)
