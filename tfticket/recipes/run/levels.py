"""The one loop over levels, controls and replicates; where it keeps them, it does not know."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from tfticket import controls as controls_
from tfticket.errors import NotFiniteError
from tfticket.lottery import Level
from tfticket.progress import ProgressDisplay
from tfticket.recipes.base import Recipe
from tfticket.recipes.run.context import OnProgress, Run, Surroundings, Task
from tfticket.recipes.run.stores import Store, Trainings
from tfticket.reports.results import DENSE, TICKET, Result, headline
from tfticket.reports.tables import label
from tfticket.seeds import derived_seed
from tfticket.zoo import Dataset
from tfticket.zoo.training import finite

__all__ = ["Branch", "Event", "Plan", "levels_of", "result_of", "run_levels"]


class Branch(NamedTuple):
    """A control that is trained at certain levels.

    Args:
        control: its name.
        levels: at which rounds; none means the last.
    """

    control: str
    levels: tuple[int, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Everything a search needs.

    Args:
        build: `seed -> model`, compiled and built, at its initialisation.
        data: what it learns.
        recipe: the method with its settings, resolved for the task.
        task: how long and on which batches; the seed of replicate k is its own plus k.
        recipe_name: what tickets are to say they were found by.
        seed: of replicate 0; replicate k has `seed + k`.
        replicates: how many.
        controls: names of controls to train beside the ticket; `None` means the recipe's usual.
        control_levels: at which rounds; none means the last.
        branches: controls besides these.
        trainings: where trainings are that other runs need as well; `None` if there are none.
    """

    build: Callable[[int], Any]
    data: Dataset
    recipe: Recipe
    task: Task
    recipe_name: str
    seed: int = 0
    replicates: int = 1
    controls: tuple[str, ...] | None = None
    control_levels: tuple[int, ...] = ()
    branches: tuple[Branch, ...] = ()
    trainings: Trainings | None = None

    def comparisons(self, num_rounds: int) -> list[tuple[int, str]]:
        """Returns every `(round, control)` that is trained, in this order.

        Args:
            num_rounds: how many rounds the recipe takes.

        Raises:
            ValueError: if there is no such level.
        """
        arms = self.recipe.usual_controls if self.controls is None else self.controls
        asked = [Branch(arm, self.control_levels) for arm in arms]
        found = [
            (level, branch.control)
            for branch in [*asked, *self.branches]
            for level in branch.levels or (num_rounds,)
        ]
        beyond = sorted({level for level, _ in found if not 1 <= level <= num_rounds})
        if beyond:
            raise ValueError(
                f"`control_levels` must lie between 1 and {num_rounds}, the last level."
                f" Received: {beyond}"
            )
        return sorted(dict.fromkeys(found), key=lambda pair: pair[0])

    def run(self, number: int, around: Surroundings | None = None) -> Run:
        """Returns a replicate's run, its model just built.

        Args:
            number: of the replicate.
            around: who is told how far it is, and where it keeps things.
        """
        training = self.task.training
        training = dataclasses.replace(training, seed=training.seed + number)
        seed = self.seed + number
        return Run(
            self.build(seed),
            self.data,
            training,
            seed=seed,
            recipe_name=self.recipe_name,
            around=around,
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

    def show(self, display: ProgressDisplay) -> None:
        """Has it shown.

        Args:
            display: where.
        """
        tell = {"begin": display.begin, "result": display.done, "note": display.note}[self.kind]
        tell(self.text, self.num_done, self.num_planned)


OnEvent = Callable[[Event], None]


def levels_of(recipe: Recipe, run: Run, resume: Level | None = None) -> Iterator[Level]:
    """Yields the levels of a recipe, each when it has been trained.

    Args:
        recipe: resolved.
        run: of one replicate.
        resume: a level of an earlier run of the same, to go on after.
    """
    level = resume
    if level is None:
        recipe.check(run)
        level = recipe.start(run)
        yield level
    while level.round < recipe.num_rounds(run):
        level = recipe.treat(run, level)
        yield level


def run_levels(
    plan: Plan,
    store: Store,
    on_event: OnEvent | None = None,
    on_progress: OnProgress | None = None,
) -> None:
    """Trains every level and control that is not in the store yet.

    Args:
        plan: what to do.
        store: where levels are kept, and taken from to go on after them.
        on_event: told what happens.
        on_progress: told now and then how far a training is.
    """
    progress = _Progress(plan, len(store.results()), on_event or (lambda event: None))
    for number in range(plan.replicates):
        around = Surroundings(on_progress, store.unfinished(number), plan.trainings)
        with plan.run(number, around) as run:
            replicate = _Replicate(plan, number, run, store, progress)
            replicate.train_levels()
            replicate.train_controls()


@dataclass
class _Progress:
    """How much is done: counted, not read again."""

    plan: Plan
    num_done: int
    on_event: OnEvent
    num_planned: int = 0

    def begin(self, text: str) -> None:
        self.on_event(Event("begin", text, self.num_done, self.num_planned))

    def done(self, text: str, result: Result) -> None:
        self.num_done += 1
        self.on_event(Event("result", text, self.num_done, self.num_planned, result))


class _Replicate:
    """One replicate: a run, and what is kept of it."""

    def __init__(self, plan: Plan, number: int, run: Run, store: Store, progress: _Progress):
        self.plan, self.number, self.run, self.store = plan, number, run, store
        self.progress = progress
        self.num_rounds = plan.recipe.num_rounds(run)
        self.comparisons = plan.comparisons(self.num_rounds)
        per_replicate = self.num_rounds + 1 + len(self.comparisons)
        progress.num_planned = plan.replicates * per_replicate

    def train_levels(self) -> None:
        """Trains the levels that are not in the store."""
        num_kept = self.store.num_levels(self.number)
        if num_kept > self.num_rounds:
            return
        resume = self.store.level(self.number, num_kept - 1) if num_kept else None
        self._begin(f"level {num_kept} of {self.num_rounds}")
        for level in levels_of(self.plan.recipe, self.run, resume):
            arm = TICKET if level.round else DENSE
            result = result_of(level, self.number, arm, self.run.seed)
            self.store.keep_level(level, result)
            self._done(result)
            if level.round < self.num_rounds:
                self._begin(f"level {level.round + 1} of {self.num_rounds}")

    def train_controls(self) -> None:
        """Trains the controls that are not in the store."""
        for round_, control in self.comparisons:
            if not self.store.has_control(self.number, round_, control):
                self._begin(f"control {control} of level {round_}")
                self._train_control(control, self.store.level(self.number, round_))

    def _train_control(self, control: str, level: Level) -> None:
        seed = derived_seed(self.run.seed, "control", control, level.round)
        recipe = self.plan.recipe
        initial = recipe.initial_ticket(level)
        network = recipe.network(self.run.model, initial)
        ticket = controls_.make(control, initial, network, seed=seed)
        with self._named(f"control {control} of level {level.round}"):
            trained = recipe.try_ticket(self.run, ticket)
        trained = dataclasses.replace(trained, round=level.round)
        result = result_of(trained, self.number, control, seed)
        self.store.keep_control(trained, result)
        self._done(result)

    @contextlib.contextmanager
    def _named(self, what: str) -> Iterator[None]:
        """Says which training left no numbers; it is not kept."""
        try:
            yield
        except NotFiniteError as error:
            raise NotFiniteError(f"replicate {self.number}, {what}: {error}") from error

    def _begin(self, what: str) -> None:
        self.progress.begin(f"replicate {self.number}: {what}")

    def _done(self, result: Result) -> None:
        name = f"test_{headline(result.metrics)}"
        shown = result.value(name)
        measured = "" if shown is None else f", {label(name)} {shown:.4f}"
        text = f"replicate {self.number}: {result.arm} at sparsity {result.sparsity:.4f}{measured}"
        self.progress.done(text, result)


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
