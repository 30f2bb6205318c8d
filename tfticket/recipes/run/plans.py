"""What a search needs: network, data, recipe, task, and what it is compared with."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tfticket.controls import Branch
from tfticket.recipes.base import Recipe
from tfticket.recipes.run.context import Run, Surroundings, Task
from tfticket.recipes.run.stores import Trainings
from tfticket.zoo import Dataset

__all__ = ["Plan"]


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
