"""A search that keeps everything in memory: what the recipes' functions return."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tfticket.determinism import seeded
from tfticket.lottery import Level
from tfticket.progress import ProgressLines
from tfticket.recipes.base import Recipe
from tfticket.recipes.catalogue import name_of
from tfticket.recipes.run.context import Task
from tfticket.recipes.run.levels import run_levels
from tfticket.recipes.run.plans import Plan
from tfticket.recipes.run.replicates import Event, OnEvent
from tfticket.recipes.run.stores import MemoryStore
from tfticket.recipes.search_settings import SearchSettings
from tfticket.reports.outcome import Outcome, choose, remarks
from tfticket.tickets import Ticket
from tfticket.zoo.forms import as_dataset

__all__ = ["SearchResult", "search"]

_BATCH_SIZE = 64


@dataclass(frozen=True)
class SearchResult:
    """What a recipe found.

    Args:
        outcome: every figure, and which ticket was chosen on validation.
        levels: by replicate, from dense to the final sparsity, with masks and trained weights.
    """

    outcome: Outcome
    levels: tuple[tuple[Level, ...], ...]

    @property
    def level(self) -> Level:
        """The last level of the replicate with the best validation."""
        chosen = self.outcome.chosen
        return self.levels[chosen.replicate][chosen.round]

    @property
    def ticket(self) -> Ticket:
        """The ticket of that level."""
        return self.level.ticket

    def __str__(self) -> str:
        return str(self.outcome)


def search(
    model_fn: Callable[..., Any],
    data: Any,
    recipe: Recipe,
    *,
    on_event: OnEvent | None = None,
    progress: bool = False,
    **settings: Any,
) -> SearchResult:
    """Tries a recipe on the caller's own model and data, in memory.

    Args:
        model_fn: returns a compiled, built model; given the seed if it has a parameter `seed`,
            otherwise called after everything random has been seeded.
        data: what `zoo.as_dataset` takes: arrays, several inputs and targets, pipelines.
        recipe: with its settings.
        on_event: called with an `Event` before and after each training.
        progress: whether to show each network's figures and, on a terminal or in a notebook, how
            far a training is and what is left.
        settings: those of `SearchSettings`.

    Raises:
        ValueError: if a setting is wrong, or does not fit model and data.
    """
    common = SearchSettings(**settings)
    dataset = as_dataset(data, common.seed)
    task = Task.of(common, dataset, None, _BATCH_SIZE)
    plan = Plan(
        build=functools.partial(_built, model_fn),
        data=dataset,
        recipe=recipe.resolved(task),
        task=task,
        recipe_name=name_of(type(recipe)),
        seed=common.seed,
        replicates=common.replicates,
        controls=common.controls,
        control_levels=common.control_levels,
    )
    store = MemoryStore()
    if progress:
        with ProgressLines() as display:
            _run(plan, store, on_event, display)
    else:
        _run(plan, store, on_event)
    results = store.results()
    chosen = choose(results)
    notes = (*filter(None, [dataset.notes]), *remarks(chosen))
    outcome = Outcome(tuple(results), chosen, notes=notes)
    levels = tuple(
        tuple(store.level(number, round_) for round_ in range(store.num_levels(number)))
        for number in range(plan.replicates)
    )
    return SearchResult(outcome, levels)


def _run(
    plan: Plan, store: MemoryStore, on_event: OnEvent | None, display: ProgressLines | None = None
) -> None:
    def tell(event: Event) -> None:
        if display is not None:
            event.show(display)
        if on_event is not None:
            on_event(event)

    if plan.data.notes:
        tell(Event("note", plan.data.notes))
    run_levels(plan, store, tell, None if display is None else display.progress)


def _built(model_fn: Callable[..., Any], seed: int) -> Any:
    takes_seed = "seed" in inspect.signature(model_fn).parameters
    with seeded(seed):
        model = model_fn(seed=seed) if takes_seed else model_fn()
    if getattr(model, "optimizer", None) is None:
        raise ValueError(
            "`model_fn` must return a compiled model: it is trained as it is compiled."
            f" Received: {type(model).__name__} without an optimizer"
        )
    return model
