"""Gradual pruning inside one training, beside the same training without."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tfticket import weights
from tfticket.callbacks import PruneOnSchedule
from tfticket.experiments.dense import dense_level
from tfticket.experiments.methods import in_steps
from tfticket.experiments.training import Evaluate, Train, Training
from tfticket.lottery import Level, train_ticket
from tfticket.masks import Masks
from tfticket.rewinding import TrainingState, capture, restore
from tfticket.schedules import Polynomial
from tfticket.scores import Evidence
from tfticket.tickets import Ticket
from tfticket.weights import FilterLike

__all__ = ["Gradual"]


@dataclass(frozen=True)
class Gradual:
    """Level 0 is trained without pruning, level 1 from the same start with `PruneOnSchedule`.

    Its ticket has the final masks and the initial weights; the network itself is what training
    with the schedule leaves.

    Args:
        sparsity: fraction of the prunable weights masked out at the end.
        scope: where weights are ranked, `"layer"` or `"global"`.
        score: what each weight is worth, a name or a `Score`.
        begin_step: first step to prune at.
        end_step: last step to prune at; `None` means three quarters of the training.
        frequency: steps from one pruning to the next; `None` means a hundredth of the training.
        granularity: the unit that is masked together.
    """

    sparsity: float
    scope: str = "layer"
    score: Any = "magnitude"
    begin_step: int | str = 0
    end_step: int | str | None = None
    frequency: int | None = None
    granularity: Any = "weight"

    def in_steps(self, training: Training, num_examples: int) -> Gradual:
        """Returns the same with every moment as a step of that training."""
        num_steps = training.num_steps
        end = num_steps * 3 // 4 if self.end_step is None else self.end_step
        return dataclasses.replace(
            self,
            begin_step=in_steps(self.begin_step, training, num_examples, "begin_step"),
            end_step=in_steps(end, training, num_examples, "end_step"),
            frequency=self.frequency or max(1, num_steps // 100),
        )

    def moments(self) -> tuple[int, ...]:
        """Returns the steps between which nothing happens."""
        return tuple(int(m or 0) for m in (self.begin_step, self.end_step, self.frequency))

    def num_rounds(self, model: Any, prunable: FilterLike = None) -> int:
        """Returns 1: there is the dense level, and the one pruned while it is trained."""
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
            prunable, told = weights.read(model, prunable), self._provenance(0, seed)
            level = dense_level(model, train, prunable, evaluate=evaluate, provenance=told)
            yield level
        if level.round == 0:
            callback = PruneOnSchedule(
                self._schedule(),
                score=self.score,
                scope=self.scope,
                granularity=self.granularity,
                prunable=prunable,
                evidence=evidence,
            )
            yield self._pruned(model, train, evaluate, callback, level, seed)

    def try_ticket(self, model: Any, train: Train, ticket: Ticket, *, evaluate: Evaluate) -> Level:
        """Trains another ticket with its masks in force from the first step on."""
        return train_ticket(model, train, ticket, evaluate=evaluate)

    def _pruned(
        self,
        model: Any,
        train: Train,
        evaluate: Evaluate,
        callback: PruneOnSchedule,
        dense: Level,
        seed: int,
    ) -> Level:
        initial = dense.states[0]
        restore(model, initial)
        try:
            log = {**train(model, [callback]), "prunings": callback.history}
            metrics = evaluate(model)
            ticket = self._ticket(callback.masks, initial, 1, seed)
            return Level(1, ticket, capture(model), metrics, log, dense.states)
        finally:
            callback.release()

    def _schedule(self) -> Polynomial:
        return Polynomial(
            self.sparsity,
            begin_step=int(self.begin_step),
            end_step=int(self.end_step or 0),
            frequency=self.frequency or 1,
        )

    def _ticket(self, masks: Masks, initial: TrainingState, round_: int, seed: int) -> Ticket:
        return Ticket(masks, initial.weights, self._provenance(round_, seed))

    def _provenance(self, round_: int, seed: int) -> dict[str, Any]:
        settings = {"schedule": self._schedule().get_config(), "scope": self.scope}
        return {"gradual": settings, "round": round_, "seed": seed}
