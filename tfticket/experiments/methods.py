"""Recipes with their numbers: how sparse, how fast, and back to where.

A method yields levels. `Iterative` trains between rounds of pruning, `Gradual` prunes inside one
training.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tfticket import actions, weights
from tfticket.clock import steps
from tfticket.experiments.rates import planned_schedule
from tfticket.experiments.training import Evaluate, Train, Training
from tfticket.lottery import Level, find_ticket, train_ticket
from tfticket.pruning_method import PruningMethod
from tfticket.scores import Evidence
from tfticket.tickets import Ticket
from tfticket.weights import FilterLike

__all__ = ["Iterative", "Method", "resolved_rates"]

ACTIONS: Mapping[str, Callable[[int], actions.Action]] = {
    "rewind": actions.Rewind,
    "rewind_learning_rate": actions.RewindLearningRate,
    "fine_tune": lambda step: actions.FineTune(),
}


class Method(Protocol):
    """What a search asks of a method."""

    def in_steps(self, training: Training, num_examples: int) -> Method:
        """Returns the method with every moment as a step of that training."""
        ...

    def moments(self) -> tuple[int, ...]:
        """Returns the steps at which something has to happen inside a training."""
        ...

    def num_rounds(self, model: Any, prunable: FilterLike) -> int:
        """Returns how many rounds it takes; there is one level more."""
        ...

    def levels(
        self,
        model: Any,
        train: Train,
        *,
        evaluate: Evaluate,
        prunable: FilterLike,
        seed: int,
        resume: Level | None,
        evidence: Evidence | None,
    ) -> Iterator[Level]:
        """Yields the levels after `resume`, each when it has been trained."""
        ...

    def try_ticket(self, model: Any, train: Train, ticket: Ticket, *, evaluate: Evaluate) -> Level:
        """Does with another ticket what is done with this method's own: trains it, as a rule."""
        ...


@dataclass(frozen=True)
class Iterative:
    """Train, prune, act, again.

    Args:
        action: `"rewind"`, `"rewind_learning_rate"` or `"fine_tune"`.
        rewind_to: the step an action goes back to: 0, `"500it"`, `"2ep"`.
        sparsity: fraction of the prunable weights masked out at the end.
        pruning_rate: fraction of the surviving weights removed in a round; or, with scope
            `"layer"`, one by regular expression of weight paths, the first match counting.
        rounds: number of rounds; at least one of `sparsity` and `rounds` is given.
        scope: where weights are ranked, `"layer"`, `"global"` or another name of a scope.
        score: what each weight is worth, a name or a `Score`.
        granularity: the unit that is masked together.

    Raises:
        ValueError: if the action is unknown, or rates by path meet the scope `"global"`.
    """

    action: str = "rewind"
    rewind_to: int | str = 0
    sparsity: float | None = None
    pruning_rate: float | Mapping[str, float] = 0.2
    rounds: int | None = None
    scope: str = "layer"
    score: Any = "magnitude"
    granularity: Any = "weight"

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise ValueError(
                f"`action` must be one of {list(ACTIONS)}. Received: action={self.action!r}"
            )
        if isinstance(self.pruning_rate, Mapping) and self.scope != "layer":
            raise ValueError(
                "`scope` must be 'layer' where pruning rates differ by weight path: in one ranking"
                f" of all weights there is one rate. Received: scope={self.scope!r},"
                f" pruning_rate={dict(self.pruning_rate)}"
            )

    def in_steps(self, training: Training, num_examples: int) -> Iterative:
        """Returns the same with `rewind_to` as a step.

        Raises:
            ValueError: if that step is not within the training.
        """
        step = in_steps(self.rewind_to, training, num_examples, "rewind_to")
        if step >= training.num_steps:
            raise ValueError(
                "`rewind_to` must lie before the end of a training: nothing would be trained"
                f" after it. Received: rewind_to={self.rewind_to!r} (step {step}),"
                f" num_steps={training.num_steps}"
            )
        return dataclasses.replace(self, rewind_to=step)

    def moments(self) -> tuple[int, ...]:
        """Returns the step to go back to."""
        return (int(self.rewind_to),)

    def num_rounds(self, model: Any, prunable: FilterLike = None) -> int:
        """Returns how many rounds it takes for a model; there is one level more."""
        return self.axes(model, prunable).num_rounds

    def axes(self, model: Any, prunable: FilterLike = None) -> PruningMethod:
        """Returns the row over the axes that this is for a model."""
        sizes = _sizes(model, prunable)
        schedule = planned_schedule(
            sizes,
            pruning_rate=resolved_rates(self.pruning_rate, list(sizes)),
            sparsity=self.sparsity,
            rounds=self.rounds,
        )
        action = ACTIONS[self.action](int(self.rewind_to))
        return PruningMethod(
            schedule,
            score=self.score,
            scope=self.scope,
            granularity=self.granularity,
            action=action,
        )

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
        """Yields the levels after `resume`, each when it has been trained: `find_ticket`."""
        return find_ticket(
            model,
            train,
            self.axes(model, prunable),
            evaluate=evaluate,
            prunable=prunable,
            seed=seed,
            resume=resume,
            evidence=evidence,
        )

    def try_ticket(self, model: Any, train: Train, ticket: Ticket, *, evaluate: Evaluate) -> Level:
        """Trains another ticket as this method's are: `train_ticket`."""
        return train_ticket(model, train, ticket, evaluate=evaluate)


def in_steps(moment: int | str, training: Training, num_examples: int, name: str) -> int:
    """Reads a moment of training as a step; an epoch is as many steps as there are examples for.

    Args:
        moment: a step, `"500it"` or `"2ep"`.
        training: the training meant.
        num_examples: in its train split.
        name: how the user calls the moment, for messages.
    """
    if isinstance(moment, str) and moment.strip().endswith("ep"):
        epochs = float(moment.strip().removesuffix("ep"))
        return round(epochs * num_examples / training.batch_size)
    return steps(moment, name=name)


def resolved_rates(
    pruning_rate: float | Mapping[str, float], paths: list[str]
) -> float | dict[str, float]:
    """Resolves rates by pattern to rates by path.

    Args:
        pruning_rate: a number, which is returned as it is, or rates by regular expression.
        paths: of the prunable weights.

    Raises:
        ValueError: if a path has no rate.
    """
    if not isinstance(pruning_rate, Mapping):
        return pruning_rate
    found = {
        path: next((r for p, r in pruning_rate.items() if re.search(p, path)), None)
        for path in paths
    }
    missing = [path for path, rate in found.items() if rate is None]
    if missing:
        raise ValueError(
            f"`pruning_rate` must cover every prunable weight: no pattern matches {missing}."
            f" Received: pruning_rate={dict(pruning_rate)}"
        )
    return {path: rate for path, rate in found.items() if rate is not None}


def _sizes(model: Any, prunable: FilterLike) -> dict[str, int]:
    return {path: array.size for path, array in weights.read(model, prunable).items()}
