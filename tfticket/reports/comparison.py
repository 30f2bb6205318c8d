"""Several runs in one table and one picture, with differences seed by seed."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from tfticket.reports.compared_row import ComparedRow
from tfticket.reports.intervals import paired_difference
from tfticket.reports.plots import plot_against_sparsity
from tfticket.reports.results import DENSE, TICKET, Result, headline, parameters, statistic
from tfticket.reports.tables import label
from tfticket.tables import aligned

__all__ = ["ComparedRun", "Comparison"]

#: Of what is kept; numbers that differ by no more are the same: fractions seldom meet one exactly.
_SAME_SIZE = 0.01
#: What a name says of it.
_SPARSITY = re.compile(r" ?\b(channel_)?sparsity=[\d.]+")


@dataclass(frozen=True)
class ComparedRun:
    """A run among others.

    Args:
        name: what tells it from the others.
        results: of every network it trained.
        has_other_data: whether its examples are not those of an earlier one, though they are
            called the same: it is compared with no other run's tickets then.
    """

    name: str
    results: tuple[Result, ...]
    has_other_data: bool = False

    def seeds(self) -> dict[int, int]:
        """Returns the seed of each replicate."""
        return {r.replicate: r.seed for r in self.results if r.arm in (DENSE, TICKET)}

    @property
    def last(self) -> int:
        """Its last level."""
        return max(r.round for r in self.results)

    @property
    def dense(self) -> tuple[Any, ...]:
        """Everything that was measured of its dense networks: equal if they are the same."""
        found = (r for r in self.results if r.arm == DENSE)
        return tuple(sorted((r.seed, *map(str, r.metrics.items()), r.num_weights) for r in found))

    def values(self, metric: str, round_: int, arm: str) -> dict[int, float | None]:
        """Returns a metric of one arm at one level by the seed of the replicate.

        Args:
            metric: its name.
            round_: the level.
            arm: `"dense"`, `"ticket"` or the name of a control.
        """
        seeds = self.seeds()
        chosen = (r for r in self.results if (r.round, r.arm) == (round_, arm))
        return {seeds[r.replicate]: r.value(metric) for r in chosen if r.replicate in seeds}


@dataclass(frozen=True)
class Comparison:
    """Runs side by side.

    Args:
        runs: at least one; the first is the one the others are compared with.
        common: settings that all have.
        metric: what is compared; left empty, the test metric that tells most.
        every_level: whether every level has a row, or each run's last.
        untrained: runs that have no trained network yet, and no row.
        remarks: what else has to be said with the figures.
    """

    runs: tuple[ComparedRun, ...]
    common: Mapping[str, Any]
    metric: str = ""
    every_level: bool = False
    untrained: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        known = dict.fromkeys(n for run in self.runs for r in run.results for n in r.metrics)
        if not self.metric:
            object.__setattr__(self, "metric", f"test_{headline(known)}")
        if self.metric not in known:
            raise ValueError(
                f"`metric` must be one of {list(known)}. Received: metric={self.metric!r}"
            )

    def rows(self) -> list[ComparedRow]:
        """Returns every arm of every run; a dense network that several runs have comes once."""
        found: list[ComparedRow] = []
        dense = [run.dense for run in self.runs]
        for run, own in zip(self.runs, dense, strict=True):
            if own and dense.index(own) == self.runs.index(run):
                row = self._row(run, 0, DENSE)
                found.append(dataclasses.replace(row, shared=dense.count(own)))
            arms = dict.fromkeys((r.round, r.arm) for r in run.results if r.arm != DENSE)
            for round_, arm in sorted(arms, key=lambda place: (place[0], place[1] != TICKET)):
                if self.every_level or round_ == run.last:
                    found.append(self._row(run, round_, arm))
        return found

    def lines(self) -> list[Result]:
        """Returns what `plot` draws: the tickets of every run, by a line's name as their arm.

        Runs that differ in their sparsity alone are one line. Where all have the same dense network
        it is a line of its own; else each line begins with that of its run.
        """
        lines: dict[str, list[list[Result]]] = {}
        is_shared = len({run.dense for run in self.runs}) == 1
        drawn = [r for r in self.runs[0].results if r.arm == DENSE and is_shared]
        for run in self.runs:
            line = lines.setdefault(_SPARSITY.sub("", run.name), [])
            for round_ in range(is_shared, run.last + 1):
                level = [r for r in run.results if r.round == round_ and r.arm in (DENSE, TICKET)]
                line += [level] if level and level not in line else []
        for name, levels in lines.items():
            ordered = sorted(levels, key=lambda level: (level[0].sparsity, level[0].round))
            drawn += [
                dataclasses.replace(result, arm=name, round=place)
                for place, level in enumerate(ordered, is_shared)
                for result in level
            ]
        return drawn

    def plot(self) -> Any:
        """Draws the `lines` against sparsity, as a matplotlib figure."""
        named = [str(self.common[n]) for n in ("model", "data") if n in self.common]
        return plot_against_sparsity(self.lines(), self.metric, " on ".join(named))

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Returns header and rows as text, one for each of `rows`."""
        several = len(self.runs) > 1
        rows = self.rows()
        is_smaller = any(row.parameters is not None for row in rows)
        header = ["run", "network", "level", "sparsity", "kept"]
        header += [label("parameters")] if is_smaller else []
        header += ["n", label(self.metric), "minus dense", "minus its ticket"]
        header += ["minus the first run's ticket"] if several else []
        return header, [r.cells(has_parameters=is_smaller, several=several) for r in rows]

    @property
    def explanation(self) -> str:
        """What the differences are, in words."""
        said = "Differences are seed by seed, with 95 % intervals of their mean (Student's t)."
        if len(self.runs) == 1:
            return said
        return f"{said} Those to the first run, {self.runs[0].name}, are at the same sparsity."

    def notes(self) -> list[str]:
        """Returns what has to be said with the figures: of budgets, and of what is not there."""
        steps = {
            "dense" if row.arm == DENSE else row.run: row.trained_steps
            for row in self.rows()
            if row.arm in (DENSE, TICKET) and row.trained_steps is not None
        }
        listed = ", ".join(f"{name} {number:,}" for name, number in steps.items())
        budgets = [f"Budgets differ, in steps that weights were trained for: {listed}."]
        waiting = [f"{name} has no trained network yet." for name in self.untrained]
        return [*(budgets if len({*steps.values()}) > 1 else []), *self.remarks, *waiting]

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as plain JSON values."""
        return {
            "metric": self.metric,
            "reference": self.runs[0].name,
            "common": dict(self.common),
            "rows": [dataclasses.asdict(row) for row in self.rows()],
            "untrained": list(self.untrained),
            "notes": self.notes(),
        }

    def __str__(self) -> str:
        header, rows = self.table()
        common = ", ".join(f"{name}={value}" for name, value in self.common.items())
        table = aligned(header, rows, num_left=2)
        return "\n".join([f"All: {common}", table, "", self.explanation, *self.notes()])

    def _row(self, run: ComparedRun, round_: int, arm: str) -> ComparedRow:
        chosen = [r for r in run.results if (r.round, r.arm) == (round_, arm)]
        values = run.values(self.metric, round_, arm)
        steps = [s for r in chosen if (s := r.value("trained_steps")) is not None]
        dense = None if arm == DENSE else run.values(self.metric, 0, DENSE)
        ticket = None if arm in (DENSE, TICKET) else run.values(self.metric, round_, TICKET)
        size = parameters(chosen, run.results)
        is_alone = run is self.runs[0] or run.has_other_data or arm == DENSE
        other = {} if is_alone else self._reference(run, chosen)
        return ComparedRow(
            run=run.name,
            arm=arm,
            round=round_,
            sparsity=fmean(r.sparsity for r in chosen),
            num_kept=round(fmean(r.num_kept for r in chosen)),
            value=statistic(values.values()),
            to_dense=None if dense is None else paired_difference(values, dense),
            to_ticket=None if ticket is None else paired_difference(values, ticket),
            to_reference=paired_difference(values, other),
            is_measured=any(self.metric in r.metrics for r in chosen),
            trained_steps=round(fmean(steps)) if steps else None,
            parameters=None if size is None else round(size.mean),
        )

    def _reference(self, run: ComparedRun, results: list[Result]) -> dict[int, float | None]:
        """The metric of the first run's ticket that is nearest to each result, by their seed."""
        first, found = self.runs[0], {}
        theirs, ours = first.seeds(), run.seeds()
        for result in (r for r in results if r.replicate in ours):
            seed = ours[result.replicate]
            near = [
                r
                for r in first.results
                if r.arm == TICKET and theirs[r.replicate] == seed and _are_alike(r, result)
            ]
            if near:
                nearest = min(near, key=lambda r, kept=result.num_kept: abs(r.num_kept - kept))
                found[seed] = nearest.value(self.metric)
        return found


def _are_alike(one: Result, other: Result) -> bool:
    """Tells whether as much is left of two networks; of smaller ones parameters count, too."""
    kept = (one.num_kept, other.num_kept)
    sizes = [r.value("parameters") or 0.0 for r in (one, other)]
    is_near = abs(kept[0] - kept[1]) <= max(1, _SAME_SIZE * max(kept))
    is_same = one.num_weights == other.num_weights
    return is_same and is_near and abs(sizes[0] - sizes[1]) <= _SAME_SIZE * max(sizes)
