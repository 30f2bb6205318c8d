"""Training curves: what was measured on validation data while networks were trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tfticket.reports.page.contents import Block, Missing, Plot, Table
from tfticket.reports.page.drawing import NEUTRAL, Line, lines, rounded, said, shade
from tfticket.reports.page.networks import axis_title
from tfticket.reports.results import DENSE, TICKET, Result, Statistic, in_order, statistic
from tfticket.reports.tables import label

__all__ = ["curves"]

#: Points of a curve, and how many of them are shown before the legend is asked for others.
_MAX_POINTS, _MAX_SHOWN = 120, 6


@dataclass(frozen=True)
class _Curve:
    """One network of a run, over its replicates.

    Args:
        round: its level.
        arm: its arm.
        at: statistics by step.
    """

    round: int
    arm: str
    at: Mapping[int, Statistic]

    @property
    def name(self) -> str:
        """What it is called in the legend."""
        if self.arm == DENSE:
            return DENSE
        return f"{self.arm.replace('_', ' ')}, level {self.round}"


def curves(results: Sequence[Result], metric: str) -> list[Block]:
    """Returns a plot of the metric, and one of the loss.

    Args:
        results: of a run.
        metric: the one that tells most.
    """
    stem = metric.removeprefix("test_").removeprefix("validation_")
    known = dict.fromkeys(name for r in results for name in r.log.get("curve") or {})
    wanted = dict.fromkeys([f"validation_{stem}", "validation_loss"])
    found = [_plot(results, name) for name in wanted if name in known]
    if found:
        return [*found]
    reason = (
        "Nothing was measured while networks were trained: the setting eval_every says how often"
        " that is done."
        if results
        else "No network is trained yet."
    )
    return [Missing("Training curves", reason)]


def _plot(results: Sequence[Result], name: str) -> Plot:
    title = f"Training curves: {label(name)}"
    found = _thinned(_measured(results, name))
    drawn = _lines(found, name)
    axis = {"title": {"text": "step (optimizer updates)"}, "rangemode": "tozero"}
    figure = lines(drawn, axis, axis_title(name))
    steps = sorted({step for curve in found for step in curve.at})
    rows = [[f"{step:,}", *(_text(curve.at.get(step)) for curve in found)] for step in steps]
    table = Table(f"{title}, mean ± standard deviation", ["step", *(c.name for c in found)], rows)
    ends = [f"{c.name} ends at {c.at[max(c.at)].mean:.4g}" for c in found if c.at]
    description = f"Means over replicates, by step: {'; '.join(ends)}."
    return Plot(title, description, figure, table, _notes(found, drawn, results, name))


def _measured(results: Sequence[Result], name: str) -> list[_Curve]:
    """Means over replicates; where trainings are of different length, over those that go on."""
    groups: dict[tuple[int, str], list[Result]] = {}
    for result in sorted(in_order(results), key=lambda r: (r.round, r.arm not in (DENSE, TICKET))):
        if name in (result.log.get("curve") or {}):
            groups.setdefault((result.round, result.arm), []).append(result)
    found = []
    for group in groups.values():
        by_step: dict[int, list[float | None]] = {}
        for result in group:
            curve = result.log["curve"]
            for step, value in zip(curve["step"], curve[name], strict=True):
                by_step.setdefault(step, []).append(value)
        known = {step: statistic(values) for step, values in sorted(by_step.items())}
        at = {step: value for step, value in known.items() if value is not None}
        found.append(_Curve(group[0].round, group[0].arm, at))
    return found


def _thinned(given: Sequence[_Curve]) -> list[_Curve]:
    found = []
    for curve in given:
        steps = list(curve.at)
        every = -(-len(steps) // _MAX_POINTS)
        kept = steps[::-1][:: max(every, 1)][::-1]  # the last one is among them
        found.append(_Curve(curve.round, curve.arm, {step: curve.at[step] for step in kept}))
    return found


def _lines(found: Sequence[_Curve], name: str) -> list[Line]:
    levels = [c for c in found if c.arm in (DENSE, TICKET)]
    is_order = len(levels) > 2  # of several levels the shade says which
    step = -(-len(levels) // _MAX_SHOWN)
    shown = {c.round for c in levels[::-1][:: max(step, 1)]} | {0}
    drawn = []
    arms = [arm for arm in dict.fromkeys(c.arm for c in found) if arm not in (DENSE, TICKET)]
    for curve in found:
        is_level = curve.arm in (DENSE, TICKET)
        place = levels.index(curve) / max(len(levels) - 1, 1) if is_level else 0.0
        color = shade(place) if is_level and is_order else NEUTRAL if curve.arm == DENSE else ""
        drawn.append(
            Line(
                name=curve.name,
                x=list(curve.at),
                points=list(curve.at.values()),
                texts=[_hover(curve, s, v, name) for s, v in curve.at.items()],
                number=0 if is_level else arms.index(curve.arm) + 1,
                color=color,
                is_shown=curve.round in shown if is_level else not is_order,
                has_markers=False,
                has_band=not is_order,
            )
        )
    return drawn


def _hover(curve: _Curve, step: int, value: Statistic, name: str) -> str:
    return (
        f"<b>{said(curve.name)}</b><br>step {step:,}<br>{said(label(name))} {_text(value)}"
        f"<br>n = {value.num}"
    )


def _text(value: Statistic | None) -> str:
    return "-" if value is None else value.text()


def _notes(
    found: Sequence[_Curve], drawn: Sequence[Line], results: Sequence[Result], name: str
) -> list[str]:
    notes = []
    if not all(line.is_shown for line in drawn):
        notes.append("Networks that are crossed out in the legend are drawn when pressed.")
    whole = max(len(r.log["curve"][name]) for r in results if name in (r.log.get("curve") or {}))
    if whole > _MAX_POINTS:
        notes.append(f"At most {_MAX_POINTS} measurements of each training are shown.")
    if any(rounded(v.num_missing) for c in found for v in c.at.values()):
        notes.append("Where a number of a replicate was not finite, the mean is without it.")
    return notes
