"""A mask from training over weights that are not trained: how good is the mask alone?"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tfticket import actions, weights
from tfticket.actions import RewindPoints
from tfticket.experiments.dense import dense_level
from tfticket.experiments.training import Evaluate, Train, Training
from tfticket.initializers import draws
from tfticket.lottery import Level
from tfticket.pruning import next_masks
from tfticket.pruning_method import PruningMethod
from tfticket.rewinding import TrainingState, capture, restore
from tfticket.schedules import OneShot
from tfticket.scores import Evidence
from tfticket.tickets import Ticket
from tfticket.weights import FilterLike

__all__ = ["Untrained"]


@dataclass(frozen=True)
class Untrained:
    """Level 0 is trained; level 1 has its mask over the initial weights and is not trained.

    Controls are not trained either, and meet the same action.

    Args:
        score: a criterion over initial and trained weights, a name or a `Score`.
        sparsity: fraction of the prunable weights masked out, in one round.
        scope: where weights are ranked.
        action: what becomes of the initial weights, a name or an `Action`.
        granularity: the unit that is masked together.
    """

    score: Any
    sparsity: float
    scope: str = "layer"
    action: Any = "signed_constant"
    granularity: Any = "weight"

    @property
    def axes(self) -> PruningMethod:
        """The row over the axes that this is."""
        return PruningMethod(
            OneShot(self.sparsity),
            score=self.score,
            scope=self.scope,
            granularity=self.granularity,
            action=self.action,
            rounds=1,
        )

    def in_steps(self, training: Training, num_examples: int) -> Untrained:
        """Returns itself: nothing happens inside a training."""
        return self

    def moments(self) -> tuple[int, ...]:
        """Returns nothing: nothing happens inside a training."""
        return ()

    def num_rounds(self, model: Any, prunable: FilterLike = None) -> int:
        """Returns 1: there is the dense level, and the masked one."""
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
        """Yields the levels after `resume`: the dense one when it is trained, then the mask's."""
        level = resume
        if level is None:
            prunable, told = weights.read(model, prunable), {"round": 0, "seed": seed}
            level = dense_level(model, train, prunable, evaluate=evaluate, provenance=told)
            yield level
        if level.round == 0:
            ticket = self._ticket(model, level, seed, evidence or Evidence({}, seed=seed))
            tried = self.try_ticket(model, train, ticket, evaluate=evaluate)
            yield dataclasses.replace(tried, round=1, states=level.states)

    def try_ticket(self, model: Any, train: Train, ticket: Ticket, *, evaluate: Evaluate) -> Level:
        """Acts on a ticket's start weights and measures the masked network as it then is.

        Args:
            model: of the ticket's architecture, whatever its weights.
            train: not used.
            ticket: with the initial weights that the action is to act on.
            evaluate: returns the metrics.
        """
        del train
        masks, start = ticket.masks_for(model), ticket.weights
        points = RewindPoints({0: start}, draws(model, masks))
        acted = actions.get(self.action)(start, masks, points)
        ticket = dataclasses.replace(ticket, weights=acted)
        restore(model, TrainingState(ticket.start_weights, {}, step=0))
        metrics = dict(evaluate(model))
        log = {"start_step": 0, "end_step": 0}
        round_ = int(ticket.provenance.get("round", 0))
        return Level(round_, ticket, capture(model), metrics, log)

    def _ticket(self, model: Any, dense: Level, seed: int, evidence: Evidence) -> Ticket:
        """The mask of the trained weights over the initial ones."""
        restore(model, dense.trained)
        initial = dense.states[0].weights
        evidence = dataclasses.replace(
            evidence,
            weights={p: dense.trained.weights[p] for p in dense.masks},
            rewind_points={0: {p: initial[p] for p in dense.masks}},
        )
        masks = next_masks(model, self.axes, 1, dense.masks, evidence)
        return Ticket(masks, initial, {"method": self.axes.config(), "round": 1, "seed": seed})
