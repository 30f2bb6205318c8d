"""A method as a row over the axes: score, granularity, scope, schedule, actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tfticket import actions, schedules, scores, selection
from tfticket.layouts import Layout
from tfticket.masks import Masks
from tfticket.selection.on_collapse import check_on_collapse

__all__ = ["PruningMethod"]


@dataclass(frozen=True)
class PruningMethod:
    """The choices that make up a pruning method; a paper's method is one such row.

    Every choice is an object, a name, or a configuration as `config` returns it.

    Args:
        schedule: a `Schedule`, a tfmot schedule or a configuration: how sparse by when.
        score: what each weight is worth; a name or a `Score`.
        scope: where scores are ranked: `"global"`, `"layer"`, `"uniform"`, `"erk"`,
            `"smart_ratio"`, a `Scope`, or a list of what is ranked together.
        granularity: the unit that is masked together: `"weight"`, `"channel"`, `Block((4, 1))`,
            `NByM(2, 4)`, or another `Granularity`.
        action: what becomes of the weights after pruning; a name or an `Action`.
        rounds: how often to prune, >= 1; the schedule's own number where it has one.
        pruned: at which values pruned weights are held: `"zero"`, `"freeze_at_init"`,
            `"zero_if_toward_zero"`, or a `PrunedAction`.
        on_collapse: what to do when a layer would keep nothing: `"warn"`, `"raise"`, `"keep_one"`
            or `"ignore"`.

    Raises:
        ValueError: if a name is unknown, `rounds` is not given by anyone, or the granularity
            cannot have the sparsity at which the schedule ends.
    """

    schedule: Any
    score: Any = "magnitude"
    scope: Any = "layer"
    granularity: Any = "weight"
    action: Any = field(default_factory=actions.Rewind)
    rounds: int | None = None
    pruned: Any = "zero"
    on_collapse: str = "warn"

    def __post_init__(self) -> None:
        schedule = schedules.get(self.schedule)
        self._keep("schedule", schedule)
        self._keep("score", scores.get(self.score))
        self._keep("scope", selection.get_scope(self.scope))
        self._keep("granularity", selection.get_granularity(self.granularity))
        selection.check_units(self.scope, self.granularity)
        self._keep("action", actions.get(self.action))
        self._keep("pruned", actions.get_pruned(self.pruned))
        rounds = schedule.rounds if self.rounds is None else self.rounds
        if not isinstance(rounds, int) or isinstance(rounds, bool) or rounds < 1:
            raise ValueError(
                "`rounds` must be an integer >= 1, given here or by a schedule made for it"
                f" (`Exponential.at_rate(0.2, rounds=10)`). Received: rounds={rounds!r}"
            )
        self._keep("rounds", rounds)
        check_on_collapse(self.on_collapse)
        self.granularity.check_sparsity(schedule.curve(1.0))

    @property
    def num_rounds(self) -> int:
        """`rounds`, known to be a number."""
        assert self.rounds is not None
        return self.rounds

    def sparsity_after(self, round_: int) -> Any:
        """Returns the cumulative sparsity after a round, 1 … rounds; by pattern if so scheduled."""
        return self.schedule.curve(round_ / self.num_rounds)

    def select(
        self,
        scores: Mapping[str, np.ndarray],
        masks: Masks,
        sparsity: Any,
        layouts: Mapping[str, Layout] | None = None,
    ) -> Masks:
        """Selects the survivors by this scope and granularity.

        Args:
            scores: floats by weight path, larger = keep.
            masks: the present masks.
            sparsity: what `sparsity_after` returns.
            layouts: the axes of each kernel, as `layouts(model, paths)` finds them.
        """
        return selection.select(
            scores,
            masks,
            sparsity,
            scope=self.scope,
            granularity=self.granularity,
            layouts=layouts,
            on_collapse=self.on_collapse,  # type: ignore[arg-type]
        )

    def shrinking(self) -> selection.Shrinking | None:
        """Returns what finds the little that an update takes; `None` where only `select` can."""
        by_weight = type(self.granularity) is selection.Unstructured
        if not by_weight or self.on_collapse == "keep_one":
            return None
        if self.score.of_weights(np.zeros(1, np.float32)) is None:
            return None
        return selection.Shrinking(self.score.of_weights, self.scope)

    def config(self) -> dict[str, Any]:
        """Returns the choices as plain JSON values, which `PruningMethod(**config)` takes."""
        return {
            "score": _short(self.score.config()),
            "scope": _short(self.scope.config()),
            "granularity": _short(self.granularity.config()),
            "schedule": self.schedule.get_config(),
            "action": self.action.config(),
            "rounds": self.rounds,
            "pruned": _short(self.pruned.config()),
            "on_collapse": self.on_collapse,
        }

    def _keep(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)


def _short(config: dict[str, Any]) -> Any:
    """What has no settings is told by its name."""
    return config["name"] if set(config) == {"name"} else config
