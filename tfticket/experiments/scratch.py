"""The baselines of "Rethinking": the pruned architecture, trained from new random weights."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from tfticket import actions, slimming, weights
from tfticket.actions import RewindPoints
from tfticket.experiments.channel_pruning import training_flops
from tfticket.experiments.dense import dense_level
from tfticket.experiments.slimming import Slimming
from tfticket.experiments.training import Evaluate, Train, Training
from tfticket.graph import flops
from tfticket.initializers import draws
from tfticket.lottery import Level, train_ticket
from tfticket.masks import Masks, ones_like
from tfticket.rewinding import restore
from tfticket.scores import Evidence, get
from tfticket.seeds import derived_seed
from tfticket.selection import select
from tfticket.slimming import Shrunk
from tfticket.tickets import Ticket
from tfticket.weights import FilterLike
from tfticket.zoo.initialization import initialize

__all__ = ["Budget", "FromScratch", "SparseFromScratch"]

#: As many steps as the dense network, or as many FLOPs.
Budget = Literal["steps", "flops"]
#: The paper trains at most twice as long.
_LONGEST = 2.0


@dataclass(frozen=True)
class FromScratch(Slimming):
    """Trains the smaller architecture from new random weights.

    Its widths are `"predefined"`, the same fraction of every group, or `"discovered"` by slimming.

    Args:
        channel_sparsity: fraction of the channels that may go to remove, in (0, 1).
        score: what a channel is worth, where widths are discovered.
        scope: where channels are ranked.
        limits: of the channels of a group.
        fine_tune_steps: not used.
        training: filled in by `in_steps`.
        strength: of the penalty that discovers; 0 is none.
        initial_scale: what scales start from then.
        budget: `"steps"` trains for as many steps as the dense network (Scratch-E), `"flops"` for
            as many FLOPs (Scratch-B), at most `longest` times as many steps.
        widths: `"predefined"` or `"discovered"`, whose training is counted too.
        longest: the cap of `"flops"`; the paper's is 2.
    """

    budget: Budget = "steps"
    widths: Literal["predefined", "discovered"] = "predefined"
    longest: float = _LONGEST

    def __post_init__(self) -> None:
        _check(self.budget)
        if self.widths not in ("discovered", "predefined"):
            raise ValueError(
                f"`widths` must be 'discovered' or 'predefined'. Received: widths={self.widths!r}"
            )

    def in_steps(self, training: Training, num_examples: int) -> FromScratch:
        """Returns the same with the training it is for."""
        return dataclasses.replace(self, fine_tune_steps=0, training=training)

    def _found(
        self, model: Any, train: Train, dense: Level, evidence: Evidence
    ) -> tuple[Masks, dict[str, Any]]:
        if self.widths == "discovered":
            masks, log = super()._found(model, train, dense, evidence)
        else:
            masks, log = self._predefined(model, evidence), {"training_flops": 0}
        restore(model, dense.states[0])
        return masks, log

    def _predefined(self, model: Any, evidence: Evidence) -> Masks:
        return slimming.channel_masks(
            model,
            self.channel_sparsity,
            score="random",
            evidence=evidence,
            scope="layer",
            limits=self.limits,
        )

    def _shrunk(self, model: Any, masks: Masks, seed: int) -> Shrunk:
        small = super()._shrunk(model, masks, seed)
        initialize(small.model, derived_seed(seed, "scratch"))
        return small

    def _until(self, small: Shrunk) -> int:
        return _num_steps(self.training, self.budget, _ratio(small), self.longest)

    def _trained(self, small: Shrunk, train: Train) -> dict[str, Any]:
        told = _budget_told(self.budget, _ratio(small), self.longest)
        return super()._trained(small, train) | {"budget": told}


@dataclass(frozen=True)
class SparseFromScratch:
    """Trains a network whose single weights were pruned by magnitude, from new random weights.

    They are drawn for the number of inputs that is left: `actions.ReinitializeSparse`.

    Args:
        sparsity: fraction of the prunable weights masked out.
        scope: where weights are ranked.
        score: what each weight is worth after the dense training.
        budget: `"steps"` or `"flops"`, counted without masked weights.
        longest: how many times as many steps at most.
        training: filled in by `in_steps`.
    """

    sparsity: float
    scope: Any = "global"
    score: Any = "magnitude"
    budget: Budget = "steps"
    longest: float = _LONGEST
    training: Training = field(default_factory=lambda: Training(1))

    def __post_init__(self) -> None:
        _check(self.budget)

    def in_steps(self, training: Training, num_examples: int) -> SparseFromScratch:
        """Returns the same with the training it is for."""
        return dataclasses.replace(self, training=training)

    def moments(self) -> tuple[int, ...]:
        """Returns nothing: nothing happens inside a training."""
        return ()

    def num_rounds(self, model: Any, prunable: FilterLike = None) -> int:
        """Returns 1: there is the dense level, and the sparse network."""
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
        level, prunable = resume, weights.read(model, prunable)
        told = {"scratch": {"budget": self.budget, "scope": str(self.scope)}, "seed": seed}
        if level is None:
            said = {**told, "round": 0}
            level = dense_level(model, train, prunable, evaluate=evaluate, provenance=said)
            yield level
        if level.round == 0:
            ticket = self._ticket(model, level, list(prunable), evidence or Evidence({}), seed)
            ticket = dataclasses.replace(ticket, provenance={**told, "round": 1})
            yield self._trained(model, train, ticket, evaluate, level)

    def try_ticket(self, model: Any, train: Train, ticket: Ticket, *, evaluate: Evaluate) -> Level:
        """Trains another ticket for as many steps as the dense network: `train_ticket`."""
        return train_ticket(model, train, ticket, evaluate=evaluate)

    def _ticket(
        self, model: Any, dense: Level, paths: list[str], evidence: Evidence, seed: int
    ) -> Ticket:
        trained, initial = dense.trained.weights, dense.states[0].weights
        held = {p: trained[p] for p in paths}
        points = {0: {p: initial[p] for p in paths}}
        evidence = dataclasses.replace(evidence, weights=held, rewind_points=points)
        restore(model, dense.trained)
        scores = get(self.score)(model, evidence)
        masks = select(scores, ones_like(held), self.sparsity, scope=self.scope)
        drawn = RewindPoints({0: initial}, draws(model, masks))
        draw = actions.ReinitializeSparse(derived_seed(seed, "scratch"))
        return Ticket(masks, draw(trained, masks, drawn))

    def _trained(
        self, model: Any, train: Train, ticket: Ticket, evaluate: Evaluate, dense: Level
    ) -> Level:
        counted = flops(model, ticket.masks)
        ratio = counted.total / counted.effective_total
        until = _num_steps(self.training, self.budget, ratio, self.longest)
        level = train_ticket(
            model, functools.partial(train, until=until), ticket, evaluate=evaluate
        )
        num_examples = level.log["end_step"] * self.training.batch_size
        log = {
            **level.log,
            "dense_flops": counted.total,
            "flops": counted.effective_total,
            "training_flops": training_flops(counted.effective_total, num_examples),
            "budget": _budget_told(self.budget, ratio, self.longest),
        }
        return dataclasses.replace(level, log=log, states=dense.states)


def _check(budget: str) -> None:
    if budget not in ("steps", "flops"):
        raise ValueError(f"`budget` must be 'steps' or 'flops'. Received: budget={budget!r}")


def _ratio(small: Shrunk) -> float:
    """FLOPs of the dense network to those of the smaller one."""
    return small.report.before.num_flops / small.report.after.num_flops


def _budget_told(budget: str, ratio: float, longest: float) -> str:
    """Says how long the training was, and whether the cap cut it short."""
    if budget == "steps":
        return "as many steps as the dense network"
    if ratio <= longest:
        return "as many FLOPs as the dense network"
    return f"{longest:g} times the dense network's steps, the most; equal FLOPs were {ratio:.2f}"


def _num_steps(training: Training, budget: str, ratio: float, longest: float) -> int:
    """How many steps; `ratio` is of the dense network's FLOPs to those of what is trained."""
    times = min(ratio, longest) if budget == "flops" else 1.0
    return round(training.num_steps * times)
