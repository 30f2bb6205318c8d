"""Train, prune, act, again: what the recipes with rounds of training share."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import field_validator, model_validator

from tfticket.recipes import fields
from tfticket.recipes.base import WeightRecipe
from tfticket.settings import Count, Fraction

if TYPE_CHECKING:
    from typing_extensions import Self

    from tfticket.actions import Action
    from tfticket.lottery import Level, Search
    from tfticket.pruning_method import PruningMethod
    from tfticket.recipes.run.context import Run, Task

__all__ = ["Iterative"]

_USUAL_SPARSITY = 0.9
_USUAL_RATE = 0.2


class Iterative(WeightRecipe):
    """Level 0 is dense; each next one is pruned after the training before it, and trained."""

    sparsity: fields.Sparsity | None = None
    """Fraction of the prunable weights masked out at the end, met exactly, in the fewest rounds
    that reach it at the pruning rate, each removing the same fraction; left out, 0.9 unless
    `rounds` is given."""
    pruning_rate: Fraction | Mapping[str, Fraction] | None = None
    """Fraction of the surviving weights removed in a round, or one by regular expression of weight
    paths, the first match counting; left out, what is published for the network, else 0.2."""
    output_pruning_rate: Fraction | None = None
    """The same for the output layer alone, where the scope is layer."""
    rounds: Count | None = None
    """Number of prunings; left out, from the sparsity. Alone, each removes exactly the rate."""
    scope: fields.Scope = "layer"
    score: fields.Score = "magnitude"
    examples_per_class: fields.ExamplesPerClass = 10

    @field_validator("pruning_rate")
    @classmethod
    def _are_patterns(cls, value: Any) -> Any:
        for pattern in value if isinstance(value, Mapping) else ():
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(
                    f"`pruning_rate` must be by regular expressions: {error}."
                    f" Received: pruning_rate={dict(value)}"
                ) from None
        return value

    @model_validator(mode="after")
    def _agree(self) -> Self:
        given = (
            f"sparsity={self.sparsity}, rounds={self.rounds}, pruning_rate={self.pruning_rate},"
            f" scope={self.scope!r}"
        )
        rates = (self.pruning_rate, self.output_pruning_rate)
        if self.sparsity is not None and self.rounds is not None and any(rates):
            raise ValueError(
                "`rounds` must be left out where `sparsity` and a pruning rate are given: they say"
                f" how many it takes. Received: {given}"
            )
        differ = isinstance(self.pruning_rate, Mapping) or self.output_pruning_rate is not None
        if differ and self.scope != "layer":
            raise ValueError(
                "`scope` must be 'layer' where pruning rates differ by weight path: in one ranking"
                f" of all weights there is one rate. Received: {given}"
            )
        return self

    def action(self) -> Action:
        """Returns what becomes of the kept weights before they are trained again."""
        raise NotImplementedError

    def resolved(self, task: Task) -> Self:
        """See `Recipe`."""
        made = super().resolved(task)
        step = max(made.moments(), default=0)  # the one to rewind to
        if step >= task.training.num_steps:
            raise ValueError(
                "`rewind_to` must lie before the end of a training: nothing would be trained"
                f" after it. Received: rewind_to={self.to_dict()['rewind_to']!r} (step {step}),"
                f" num_steps={task.training.num_steps}"
            )
        if task.training.eval_every and step % task.training.eval_every:
            raise ValueError(
                "`rewind_to` must be a multiple of `eval_every`: every level but the first is"
                f" trained and measured from there. Received: rewind_to={step},"
                f" eval_every={task.training.eval_every}"
            )
        sparsity, rate = self.sparsity, self.pruning_rate
        if sparsity is None and self.rounds is None:
            sparsity = _USUAL_SPARSITY
        if rate is None and self.output_pruning_rate is None and self.scope == "layer":
            rate = dict(task.pruning_rates) or None
        rate = _USUAL_RATE if rate is None else rate
        if self.output_pruning_rate is not None and task.output_pattern is not None:
            rate = _with_output(rate, task.output_pattern, self.output_pruning_rate)
        return made.model_copy(update={"sparsity": sparsity, "pruning_rate": rate})

    def method(self, model: Any) -> PruningMethod:
        """Returns the choices that a resolved recipe is for a model.

        Args:
            model: built.
        """
        from tfticket import weights
        from tfticket.pruning_method import PruningMethod
        from tfticket.schedules.rates import planned_schedule

        sizes = {p: array.size for p, array in weights.read(model, self.filter).items()}
        rate, output = self.pruning_rate or _USUAL_RATE, self.output_pruning_rate
        if output is not None and not isinstance(rate, Mapping):
            rate = _with_output(rate, f"^{re.escape(list(sizes)[-1])}$", output)
        schedule = planned_schedule(
            sizes,
            pruning_rate=_by_path(rate, list(sizes)),
            sparsity=self.sparsity,
            rounds=self.rounds,
        )
        return PruningMethod(
            schedule,
            score=self.score,
            scope=self.scope,
            granularity=self.granularity,
            action=self.action(),
        )

    def num_rounds(self, run: Run) -> int:
        """See `Recipe`."""
        return self._search(run).method.num_rounds

    def start(self, run: Run) -> Level:
        """See `Recipe`."""
        return self._search(run).dense()

    def treat(self, run: Run, level: Level) -> Level:
        """See `Recipe`."""
        return self._search(run).next(level)

    def _search(self, run: Run) -> Search:
        from tfticket.lottery import Search

        return run.kept(
            "search",
            lambda: Search(
                run.model,
                functools.partial(run.train, may_share=True),
                self.method(run.model),
                evaluate=run.evaluate,
                prunable=self.filter,
                seed=run.seed,
                evidence=run.evidence(self.examples_per_class),
                provenance=run.provenance(0),
            ),
        )


def _with_output(
    rate: float | Mapping[str, float], pattern: str, output: float
) -> dict[str, float]:
    others = rate if isinstance(rate, Mapping) else {".*": rate}
    return {pattern: output, **others}


def _by_path(
    pruning_rate: float | Mapping[str, float], paths: list[str]
) -> float | dict[str, float]:
    """Resolves rates by pattern to rates by path."""
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
