"""A method as a row over the axes: score, granularity, scope, schedule, action."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tfticket import actions, schedules, scores
from tfticket.selection import GRANULARITIES, SCOPES

__all__ = ["Axes"]


@dataclass(frozen=True)
class Axes:
    """The choices that make up a pruning method; a paper's method is one such row.

    Args:
        schedule: a `Schedule`, a tfmot schedule or a configuration: how sparse by when.
        score: what each weight is worth; a name or a `Score`.
        scope: where scores are ranked, `"global"` or `"layer"`.
        granularity: the unit that is masked together, `"weight"`.
        action: what becomes of the weights after pruning; a name or an `Action`.
        rounds: how often to prune, >= 1; the schedule's own number where it has one.

    Raises:
        ValueError: if a name is unknown or `rounds` is not given by anyone.
    """

    schedule: Any
    score: Any = "magnitude"
    scope: str = "layer"
    granularity: str = "weight"
    action: Any = field(default_factory=actions.Rewind)
    rounds: int | None = None

    def __post_init__(self) -> None:
        schedule = schedules.get(self.schedule)
        object.__setattr__(self, "schedule", schedule)
        object.__setattr__(self, "score", scores.get(self.score))
        object.__setattr__(self, "action", actions.get(self.action))
        rounds = schedule.rounds if self.rounds is None else self.rounds
        if not isinstance(rounds, int) or isinstance(rounds, bool) or rounds < 1:
            raise ValueError(
                "`rounds` must be an integer >= 1, given here or by a schedule made for it"
                f" (`Exponential.at_rate(0.2, rounds=10)`). Received: rounds={rounds!r}"
            )
        object.__setattr__(self, "rounds", rounds)
        _one_of("scope", self.scope, SCOPES)
        _one_of("granularity", self.granularity, GRANULARITIES)

    @property
    def num_rounds(self) -> int:
        """`rounds`, known to be a number."""
        assert self.rounds is not None
        return self.rounds

    def sparsity_after(self, round_: int) -> Any:
        """Returns the cumulative sparsity after a round, 1 … rounds; per pattern if scheduled so."""
        return self.schedule.curve(round_ / self.num_rounds)

    def config(self) -> dict[str, Any]:
        """Returns the choices as plain JSON values."""
        return {
            "score": self.score.name,
            "scope": self.scope,
            "granularity": self.granularity,
            "schedule": self.schedule.get_config(),
            "action": self.action.config(),
            "rounds": self.rounds,
        }


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"`{name}` must be one of {known}. Received: {name}={value!r}")
