"""The one loop over replicates, levels and controls; and the same in parts, for several processes.

Where levels are kept, it does not know.
"""

from __future__ import annotations

from dataclasses import dataclass

from tfticket.recipes.run.context import OnProgress
from tfticket.recipes.run.plans import Plan
from tfticket.recipes.run.replicates import OnEvent, Progress, replicate_of
from tfticket.recipes.run.stores import Store

__all__ = ["Part", "Parts", "parts_of", "run_levels", "run_part"]


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
    progress = Progress(plan, len(store.results()), on_event or (lambda event: None))
    for number in range(plan.replicates):
        with replicate_of(plan, number, store, progress, on_progress) as replicate:
            replicate.train_levels()
            for round_, control in replicate.comparisons:
                replicate.train_control(round_, control)


@dataclass(frozen=True)
class Part:
    """What of a search can be trained by itself: a replicate's levels, or a control of one.

    Args:
        replicate: its number.
        round: of the level that the control belongs to.
        control: its name; `None` for the levels.
    """

    replicate: int
    round: int = 0
    control: str | None = None

    def __str__(self) -> str:
        of_control = f", control {self.control} of level {self.round}"
        return f"replicate {self.replicate}" + (of_control if self.control else "")


@dataclass(frozen=True)
class Parts:
    """The parts of a search that are not in its store yet.

    Args:
        levels: one for each replicate that has levels to train.
        controls: each can be trained as soon as the levels of its replicate are.
        num_networks: that the whole search trains, those that are trained already included.
    """

    levels: tuple[Part, ...]
    controls: tuple[Part, ...]
    num_networks: int


def parts_of(plan: Plan, store: Store) -> Parts:
    """Returns what is left to train, in parts.

    Args:
        plan: what to do.
        store: where levels are kept.

    Raises:
        ValueError: if the recipe cannot treat the network, or there is no such level.
    """
    with plan.run(0) as run:
        plan.recipe.check(run)
        num_rounds = plan.recipe.num_rounds(run)
    comparisons, numbers = plan.comparisons(num_rounds), range(plan.replicates)
    levels = [Part(k) for k in numbers if store.num_levels(k) <= num_rounds]
    controls = [
        Part(k, *comparison)
        for k in numbers
        for comparison in comparisons
        if not store.has_control(k, *comparison)
    ]
    num_networks = plan.replicates * (num_rounds + 1 + len(comparisons))
    return Parts(tuple(levels), tuple(controls), num_networks)


def run_part(plan: Plan, store: Store, part: Part) -> None:
    """Trains one part of a search, as far as it is not in the store.

    Args:
        plan: what to do.
        store: where levels are kept; has the levels of a control's replicate.
        part: which.
    """
    progress = Progress(plan, 0, lambda event: None)
    with replicate_of(plan, part.replicate, store, progress) as replicate:
        if part.control is None:
            replicate.train_levels()
        else:
            replicate.train_control(part.round, part.control)
