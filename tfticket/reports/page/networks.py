"""Every network of a run: a number against sparsity, and how far each is from dense."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from tfticket.reports.compared_row import ComparedRow
from tfticket.reports.comparison import ComparedRun, Comparison
from tfticket.reports.page.contents import Block, Facts, Missing, Plot, Table
from tfticket.reports.page.drawing import NEUTRAL, Line, lines, said
from tfticket.reports.page.rows import dots
from tfticket.reports.plots import LEAST, sparsity_ticks, step_aside
from tfticket.reports.results import DENSE, TICKET, Result, Summary, headline, summarize
from tfticket.reports.tables import label, value_text

__all__ = ["against_sparsity", "axis_title", "headline_of", "key_figures", "networks_table"]

#: What is better smaller, by the ends of its name.
_SMALLER = ("loss", "error", "mae", "mse", "mape", "msle", "rmse", "divergence")
_LARGER = ("accuracy", "acc", "auc", "precision", "recall", "iou", "f1", "f1_score", "similarity")


def headline_of(results: Sequence[Result]) -> str:
    """Returns the metric that tells most: of test data, else of validation; empty if none is there.

    Args:
        results: of a run.
    """
    known = dict.fromkeys(name for r in results for name in r.metrics)
    stem = headline(known)
    wanted = [f"test_{stem}", f"validation_{stem}", *known]
    return next((name for name in wanted if name in known), "")


def axis_title(metric: str) -> str:
    """Returns what stands at the axis of a metric, with which way is better where its name says so.

    >>> axis_title("test_loss"), axis_title("early_stop_step")
    ('test loss (lower is better)', 'early-stop step')

    Args:
        metric: its name.
    """
    if metric.endswith(_SMALLER):
        return f"{label(metric)} (lower is better)"
    return f"{label(metric)} (higher is better)" if metric.endswith(_LARGER) else label(metric)


def against_sparsity(
    results: Sequence[Result], metric: str, title: str, *, verbatim: bool = False
) -> Block:
    """Returns a metric against the sparsity of each level; of a single level, a row of dots.

    Args:
        results: of any number of replicates, arms and levels.
        metric: its name, or that of a number that was noted in training.
        title: the heading.
        verbatim: whether arms are names that are shown as they are.
    """
    everything = summarize(results)
    if not verbatim:
        everything = [dataclasses.replace(s, arm=s.arm.replace("_", " ")) for s in everything]
    if not any(metric in s.statistics for s in everything):
        return Missing(title, _why_missing(metric, results))
    levels = {s.round for s in everything if s.arm != DENSE}
    figure = _rows(everything, metric) if len(levels) <= 1 else _levels(everything, metric)
    rows = [_cells(s, metric) for s in everything]
    header = ("network", "level", "sparsity", "kept", "n", label(metric))
    numbers = Table(f"{title}: the numbers", header, rows)
    notes = _notes(everything, metric)
    return Plot(title, _description(everything, metric), figure, numbers, notes)


def key_figures(run: ComparedRun, metric: str) -> Facts:
    """Returns what a reader looks for first.

    Args:
        run: with at least one network.
        metric: the one that tells most.
    """
    found = Comparison((run,), {}, metric).rows()
    dense = next((r for r in found if r.arm == DENSE), None)
    ticket = next((r for r in found if r.arm == TICKET), None)
    values = {}
    if ticket is not None:
        density = 1 - ticket.sparsity
        values["sparsity"] = f"{ticket.sparsity:.4f}"
        values["compression ratio"] = f"{1 / density:.1f}" if density else "nothing is kept"
        if ticket.parameters is not None:
            values["parameters"] = f"{ticket.parameters:,}"
        values[f"{label(metric)}, ticket"] = _value(ticket)
    if dense is not None:
        values[f"{label(metric)}, dense"] = _value(dense)
    if ticket is not None and (difference := ticket.to_dense) is not None:
        values["ticket minus dense"] = f"{difference.mean:+.4f}"
        if (half := difference.half_width) is not None:
            ends = (difference.mean - half, difference.mean + half)
            values[f"95 % interval of {difference.num} pairs"] = "{:+.4f} to {:+.4f}".format(*ends)
    return Facts("", values)


def networks_table(run: ComparedRun, metric: str) -> Table:
    """Returns every network of a run, with its differences from dense and from its ticket.

    Args:
        run: with at least one network.
        metric: what is compared.
    """
    found = Comparison((run,), {}, metric, every_level=True)
    header, rows = found.table()
    caption = f"Every network: {label(metric)}, mean ± standard deviation. {found.explanation}"
    return Table(caption, header[1:], [row[1:] for row in rows])


def _value(row: ComparedRow) -> str:
    return "not finite" if row.value is None else row.value.text()


def _why_missing(metric: str, results: Sequence[Result]) -> str:
    if not results:
        return "No network is trained yet."
    if metric == "early_stop_step":
        return (
            "Nothing was measured while networks were trained: with the setting eval_every there"
            " are early-stop steps and training curves."
        )
    if not any(metric in r.metrics for r in results):
        return f"No network of this run was measured by {label(metric)}."
    return f"No {label(metric)} of this run is finite."


def _levels(summaries: Sequence[Summary], metric: str) -> dict:
    ticks = sparsity_ticks(summaries)
    axis = {
        "type": "log",
        "autorange": "reversed",
        "tickvals": list(ticks),
        "ticktext": list(ticks.values()),
        "title": {"text": "sparsity (fraction of prunable weights masked out)"},
    }
    width = math.log(max(ticks) / min(ticks)) or 1.0
    drawn = []
    dense = next((s for s in summaries if s.arm == DENSE), None)
    arms = dict.fromkeys(s.arm for s in summaries if s.arm != DENSE)
    for number, arm in enumerate(sorted(arms, key=lambda a: a != TICKET)):
        own = [s for s in summaries if s.arm == arm]
        x = [max(s.density, LEAST) for s in own]
        beside = [step_aside(x[0], width, number)] if len(x) == 1 else x
        drawn.append(_line(own, beside, metric, number))
    if dense is not None and metric in dense.statistics:
        through, text = list(ticks), _hover(dense, metric)
        texts = [text] * len(through)
        points = [dense.statistics[metric]] * len(through)
        line = Line("dense", through, points, texts, 1, NEUTRAL, has_markers=False)
        drawn.append(line)
    return lines(drawn, axis, axis_title(metric))


def _line(levels: Sequence[Summary], x: Sequence[float], metric: str, number: int) -> Line:
    return Line(
        name=levels[0].arm,
        x=x,
        points=[s.statistics.get(metric) for s in levels],
        texts=[_hover(s, metric) for s in levels],
        number=number,
    )


def _rows(summaries: Sequence[Summary], metric: str) -> dict:
    """One row of dots for each network of a single level, and for dense."""
    drawn = [
        Line(
            name=s.arm,
            x=[number],
            points=[s.statistics.get(metric)],
            texts=[_hover(s, metric)],
            number=max(number - 1, 0),
            color=NEUTRAL if s.arm == DENSE else "",
        )
        for number, s in enumerate(summaries)
    ]
    names = [s.arm for s in summaries]
    return {**dots(drawn, names, axis_title(metric)), "legend": []}


def _hover(summary: Summary, metric: str) -> str:
    name = said(summary.arm)
    return (
        f"<b>{name}</b>, level {summary.round}<br>sparsity {summary.sparsity:.4f},"
        f" {summary.num_kept:,} kept<br>{said(label(metric))} {value_text(summary, metric)}"
        f"<br>n = {summary.num_replicates}"
    )


def _cells(summary: Summary, metric: str) -> list[str]:
    return [
        *(summary.arm, str(summary.round), f"{summary.sparsity:.4f}"),
        *(f"{summary.num_kept:,}", str(summary.num_replicates), value_text(summary, metric)),
    ]


def _description(summaries: Sequence[Summary], metric: str) -> str:
    parts = []
    for arm in dict.fromkeys(s.arm for s in summaries):
        found = [s for s in summaries if s.arm == arm and metric in s.statistics]
        if not found:
            continue
        first, last = found[0], found[-1]
        text = f"{arm} {first.statistics[metric].mean:.4g}"
        if arm != DENSE:
            text += f" at sparsity {first.sparsity:.4g}"
        if len(found) > 1:
            text += f" to {last.statistics[metric].mean:.4g} at {last.sparsity:.4g}"
        parts.append(text)
    spreads = any(s.statistics[metric].sd for s in summaries if metric in s.statistics)
    spread = " Bands and bars are one standard deviation over replicates." if spreads else ""
    name = label(metric)
    return f"{name[0].upper()}{name[1:]}: {'; '.join(parts)}.{spread}"


def _notes(summaries: Sequence[Summary], metric: str) -> list[str]:
    notes = []
    if all(s.num_replicates == 1 for s in summaries):
        notes.append("One replicate: no spread is known.")
    if all(s.arm == DENSE for s in summaries):
        notes.append("No level is pruned yet.")
    elif {s.arm for s in summaries} <= {DENSE, TICKET}:
        notes.append("No control was trained: nothing tells what the ticket owes to luck.")
    for summary in summaries:
        found = summary.statistics.get(metric)
        missing = summary.num_replicates if found is None else found.num_missing
        if missing:
            where = f"{summary.arm}, level {summary.round}"
            notes.append(
                f"{where}: no finite number of {missing} of {summary.num_replicates} replicates."
            )
    return notes
