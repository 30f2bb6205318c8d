"""The loop over replicates, levels and controls; where it keeps them, it does not know."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from tfticket import controls as controls_
from tfticket.experiments.evidence import evidence_from
from tfticket.experiments.methods import Method
from tfticket.experiments.shelves import Shelf
from tfticket.experiments.training import Training, evaluate_on, finite, train_on
from tfticket.lottery import Level
from tfticket.reports.results import DENSE, TICKET, Result
from tfticket.seeds import derived_seed
from tfticket.tickets import Ticket
from tfticket.weights import FilterLike
from tfticket.zoo import Dataset

__all__ = ["Event", "Plan", "at_initialization", "carry_out", "result_of"]


@dataclass(frozen=True)
class Plan:
    """Everything a search needs.

    Args:
        build: `seed -> model`, compiled and built, at its initialisation.
        data: what it learns.
        method: the recipe with its numbers.
        training: how long and on which batches; the seed of replicate k is its own plus k.
        prunable: which weights may be masked.
        seed: of replicate 0; replicate k has `seed + k`.
        replicates: how many.
        controls: names of controls to train beside the ticket.
        control_levels: at which rounds; none means the last.
        examples_per_class: for scores that look at a batch.

    Raises:
        ValueError: if a control is unknown.
    """

    build: Callable[[int], Any]
    data: Dataset
    method: Method
    training: Training
    prunable: FilterLike = None
    seed: int = 0
    replicates: int = 1
    controls: tuple[str, ...] = ()
    control_levels: tuple[int, ...] = ()
    examples_per_class: int = 10

    def __post_init__(self) -> None:
        unknown = [c for c in self.controls if c not in controls_.CONTROLS]
        if unknown:
            raise ValueError(
                f"`controls` must be out of {list(controls_.CONTROLS)}. Received: {unknown}"
            )
        in_steps = self.method.in_steps(self.training, len(self.data.train))
        object.__setattr__(self, "method", in_steps)
        if self.replicates < 1:
            raise ValueError(
                f"`replicates` must be at least 1. Received: replicates={self.replicates}"
            )


@dataclass(frozen=True)
class Event:
    """One thing that happened.

    Args:
        kind: `"begin"` before a network is trained, `"result"` after it, `"note"` otherwise.
        text: what happened, in words.
        num_done: networks that are trained.
        num_planned: networks to train in all; 0 where that is not known yet.
        result: of a `"result"`.
    """

    kind: Literal["begin", "result", "note"]
    text: str
    num_done: int = 0
    num_planned: int = 0
    result: Result | None = None


OnEvent = Callable[[Event], None]


def carry_out(plan: Plan, shelf: Shelf, on_event: OnEvent | None = None) -> None:
    """Trains every level and control that is not on the shelf yet.

    Args:
        plan: what to do.
        shelf: where levels are kept, and taken from to go on after them.
        on_event: told what happens.
    """
    for number in range(plan.replicates):
        replicate = _Replicate(plan, number, shelf, on_event or (lambda event: None))
        replicate.train_levels()
        replicate.train_controls()


class _Replicate:
    """One replicate: a model, and what is done with it."""

    def __init__(self, plan: Plan, number: int, shelf: Shelf, on_event: OnEvent):
        self.plan, self.number, self.shelf, self.on_event = plan, number, shelf, on_event
        self.seed = plan.seed + number
        self.model = plan.build(self.seed)
        training = dataclasses.replace(plan.training, seed=plan.training.seed + number)
        self.train = train_on(plan.data, training)
        self.evaluate = evaluate_on(plan.data)
        self.num_rounds = plan.method.num_rounds(self.model, plan.prunable)
        per_class = plan.examples_per_class
        self.evidence = evidence_from(plan.data, self.model, per_class, self.seed)

    def train_levels(self) -> None:
        """Trains the levels that are not on the shelf."""
        num_kept = self.shelf.num_levels(self.number)
        if num_kept > self.num_rounds:
            return
        resume = self.shelf.level(self.number, num_kept - 1) if num_kept else None
        levels = self.plan.method.levels(
            self.model,
            self.train,
            evaluate=self.evaluate,
            prunable=self.plan.prunable,
            seed=self.seed,
            resume=resume,
            evidence=self.evidence,
        )
        self._begin(f"level {num_kept} of {self.num_rounds}")
        for level in levels:
            arm = TICKET if level.round else DENSE
            result = result_of(level, self.number, arm, self.seed)
            self.shelf.keep_level(level, result)
            self._done(result)
            if level.round < self.num_rounds:
                self._begin(f"level {level.round + 1} of {self.num_rounds}")

    def train_controls(self) -> None:
        """Trains the controls that are not on the shelf."""
        for round_ in self._control_rounds():
            for control in self.plan.controls:
                if not self.shelf.has_control(self.number, round_, control):
                    self._begin(f"control {control} of level {round_}")
                    self._train_control(control, self.shelf.level(self.number, round_))

    def _train_control(self, control: str, level: Level) -> None:
        seed = derived_seed(self.seed, "control", control, level.round)
        ticket = controls_.make(control, at_initialization(level), self.model, seed=seed)
        method = self.plan.method
        trained = method.try_ticket(self.model, self.train, ticket, evaluate=self.evaluate)
        trained = dataclasses.replace(trained, round=level.round)
        result = result_of(trained, self.number, control, seed)
        self.shelf.keep_control(trained, result)
        self._done(result)

    def _control_rounds(self) -> tuple[int, ...]:
        asked = self.plan.control_levels or (self.num_rounds,)
        beyond = [r for r in asked if not 1 <= r <= self.num_rounds]
        if beyond and self.plan.controls:
            raise ValueError(
                f"`control_levels` must lie between 1 and {self.num_rounds}, the last level."
                f" Received: {beyond}"
            )
        return asked

    def _begin(self, what: str) -> None:
        text = f"replicate {self.number}: {what}"
        self.on_event(Event("begin", text, *self._progress()))

    def _done(self, result: Result) -> None:
        shown = result.value("test_accuracy")
        measured = "" if shown is None else f", test accuracy {shown:.4f}"
        text = f"replicate {self.number}: {result.arm} at sparsity {result.sparsity:.4f}{measured}"
        self.on_event(Event("result", text, *self._progress(), result=result))

    def _progress(self) -> tuple[int, int]:
        controls = len(self.plan.controls) * len(self._control_rounds())
        planned = self.plan.replicates * (self.num_rounds + 1 + controls)
        return len(self.shelf.results()), planned


def at_initialization(level: Level) -> Ticket:
    """Returns a level's masks over the initial weights, which the controls are drawn from.

    Args:
        level: with the training state at step 0 among its states.
    """
    initial = level.states[0]
    return dataclasses.replace(level.ticket, weights=initial.weights, optimizer={}, step=0)


def result_of(level: Level, replicate: int, arm: str, seed: int) -> Result:
    """Returns what a level says about a replicate.

    Args:
        level: as trained.
        replicate: its number.
        arm: `"dense"`, `"ticket"` or the name of a control.
        seed: of the replicate or the control.
    """
    masks = level.masks
    return Result(
        replicate=replicate,
        round=level.round,
        arm=arm,
        seed=seed,
        sparsity=masks.sparsity,
        num_kept=masks.num_kept,
        num_weights=masks.num_weights,
        metrics={name: finite(value) for name, value in level.metrics.items()},
        log=dict(level.log or {}),
    )
