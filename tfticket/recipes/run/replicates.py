"""One replicate: its levels and its controls, and what is said of them."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from tfticket import controls as controls_
from tfticket.errors import NotFiniteError
from tfticket.lottery import Level
from tfticket.progress import ProgressDisplay
from tfticket.recipes.base import Recipe
from tfticket.recipes.run.context import OnProgress, Run, Surroundings
from tfticket.recipes.run.plans import Plan
from tfticket.recipes.run.stores import Store
from tfticket.reports.results import DENSE, TICKET, Result, headline
from tfticket.reports.tables import label
from tfticket.seeds import derived_seed
from tfticket.zoo.training import finite

__all__ = [
    "Event",
    "OnEvent",
    "Progress",
    "Replicate",
    "levels_of",
    "replicate_of",
    "result_of",
    "sentence_of",
]


@dataclass(frozen=True)
class Event:
    """One thing that happened.

    Args:
        kind: `"begin"` before a network is trained, `"result"` after it, `"note"` otherwise.
        text: what happened, in words.
        num_done: networks that are trained.
        num_planned: networks to train in all; 0 where that is not known yet.
        result: of a `"result"`.
        run: folder of the run, where there is one.
    """

    kind: Literal["begin", "result", "note"]
    text: str
    num_done: int = 0
    num_planned: int = 0
    result: Result | None = None
    run: str = ""

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


@dataclass
class Progress:
    """How much is done: counted, not read again.

    Args:
        plan: what to do.
        num_done: networks that are trained.
        on_event: told what happens.
        num_planned: networks to train in all.
    """

    plan: Plan
    num_done: int
    on_event: OnEvent
    num_planned: int = 0

    def begin(self, text: str) -> None:
        """Says that a network begins to train."""
        self.on_event(Event("begin", text, self.num_done, self.num_planned))

    def done(self, text: str, result: Result) -> None:
        """Says that one is trained."""
        self.num_done += 1
        self.on_event(Event("result", text, self.num_done, self.num_planned, result))


class Replicate:
    """One replicate: a run, and what is kept of it.

    Args:
        plan: what to do.
        number: of the replicate.
        run: of it.
        store: where its levels are kept.
        progress: told what is done.
    """

    def __init__(self, plan: Plan, number: int, run: Run, store: Store, progress: Progress):
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

    def train_control(self, round_: int, control: str) -> None:
        """Trains a control of a level, if it is not in the store."""
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
        self.progress.done(sentence_of(result), result)


def sentence_of(result: Result) -> str:
    """Returns what is said when a network is trained.

    Args:
        result: of the network.
    """
    name = f"test_{headline(result.metrics)}"
    shown = result.value(name)
    measured = "" if shown is None else f", {label(name)} {shown:.4f}"
    return f"replicate {result.replicate}: {result.arm} at sparsity {result.sparsity:.4f}{measured}"


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


@contextlib.contextmanager
def replicate_of(
    plan: Plan,
    number: int,
    store: Store,
    progress: Progress,
    on_progress: OnProgress | None = None,
) -> Iterator[Replicate]:
    """Opens a replicate's run.

    Args:
        plan: what to do.
        number: of the replicate.
        store: where its levels are kept.
        progress: told what is done.
        on_progress: told now and then how far a training is.
    """
    around = Surroundings(on_progress, store.unfinished(number), plan.trainings)
    with plan.run(number, around) as run:
        yield Replicate(plan, number, run, store, progress)
