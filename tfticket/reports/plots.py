"""Pictures: accuracy against sparsity, with bands over replicates, and their controls.

Figures are matplotlib objects of their own; no global state of matplotlib is touched.
"""

from __future__ import annotations

import dataclasses
import io
import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from tfticket import files
from tfticket.reports.bars import Bar, draw_bars
from tfticket.reports.pictures import require_matplotlib, require_room
from tfticket.reports.results import DENSE, TICKET, Result, Statistic, Summary, summarize
from tfticket.reports.tables import label, value_text

__all__ = [
    "LEAST",
    "depth_color",
    "new_figure",
    "plot_against_sparsity",
    "save",
    "some_of",
    "sparsity_ticks",
    "step_aside",
    "title_of",
]

_MARKERS = "osD^Pv*"
#: Of the width of the picture: what is left free at its sides, and between arms at one sparsity.
_MARGIN, _STEP_ASIDE = 0.05, 0.022
#: Of the width: how far apart sparsities are that are both written.
_APART = 0.06
#: Where a network is drawn of which nothing is left: the axis is logarithmic.
LEAST = 1e-4
#: Characters of a name in the legend beyond which it goes below the picture.
_LONG_NAME = 32
#: Characters of a line of a title.
_TITLE_WIDTH = 68


def title_of(model: str, data: str, recipe: str) -> str:
    """Returns what a picture is called: its network, data and recipe.

    >>> title_of("lenet_300_100", "/home/me/mine.py:digits", "snip")
    'lenet_300_100 on mine.py:digits, snip'

    Args:
        model: as it was given; of a path the last part is shown.
        data: likewise.
        recipe: likewise.
    """
    network, examples, method = (Path(name).name or name for name in (model, data, recipe))
    return f"{network} on {examples}, {method}"


def plot_against_sparsity(
    results: Sequence[Result], metric: str = "test_accuracy", title: str = ""
) -> Any:
    """Plots a metric against the sparsity of each level; of a single level, bars.

    The line is the mean over replicates, the band one standard deviation either way where there
    are several; the legend says how many. The dense network's mean is a dashed line through the
    whole picture.

    Args:
        results: of any number of replicates, arms and levels.
        metric: name of a metric, or `"early_stop_step"`.
        title: text above the picture.

    Returns:
        A `matplotlib.figure.Figure`, ready to be saved.

    Raises:
        ValueError: if no result has the metric.
        MissingDependencyError: without matplotlib.
    """
    everything = summarize(results)
    summaries = [s for s in everything if metric in s.statistics]
    if not summaries:
        raise ValueError(f"`metric` must be in the results. Received: metric={metric!r}")
    title = textwrap.fill(title, _TITLE_WIDTH)
    if len({s.round for s in everything if s.arm != DENSE}) <= 1:
        return _bars(everything, metric, title)
    figure = new_figure((6.4, 4.4))
    axes = figure.subplots()
    width = _set_scale(axes, summaries)
    _draw_dense(axes, summaries, metric)
    arms = dict.fromkeys(s.arm for s in summaries if s.arm != DENSE)
    for number, arm in enumerate(sorted(arms, key=lambda a: a != TICKET)):
        _draw_arm(axes, [s for s in summaries if s.arm == arm], metric, number, width)
    axes.set_ylabel(_axis_label(summaries, metric))
    axes.set_title(title, fontsize=10)
    names = axes.get_legend_handles_labels()[1]
    if max(map(len, names)) > _LONG_NAME:
        figure.legend(loc="outside lower center", frameon=False, fontsize=9)
    else:
        axes.legend(frameon=False)
    return figure


def save(figure: Any, path: str | Path, dpi: int = 150, *, overwrite: bool = False) -> None:
    """Writes a figure as PNG, atomically and without a time stamp.

    Args:
        figure: a matplotlib figure.
        path: the file.
        dpi: dots per inch.
        overwrite: whether to replace what is no PNG file.

    Raises:
        FileExistsError: if what is there is no PNG file.
    """
    require_room(path, overwrite=overwrite)
    files.write_bytes(path, _as_png(figure, dpi))


def new_figure(size: tuple[float, float]) -> Any:
    """Returns an empty figure of its own, with a canvas to be drawn on.

    Args:
        size: width and height in inches.

    Raises:
        MissingDependencyError: without matplotlib.
    """
    require_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    class Shown(Figure):
        """A figure that notebooks show, also before anything is drawn with pyplot."""

        def _repr_png_(self) -> bytes:
            return _as_png(self, "figure")

    figure = Shown(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def depth_color(number: int, count: int) -> tuple[float, float, float]:
    """Returns the colour of one of many layers, from blue for the first to red for the last.

    Args:
        number: of the layer, from 0 on.
        count: how many layers there are.
    """
    depth = number / max(1, count - 1)
    return 0.1 + 0.7 * depth, 0.3, 0.9 - 0.7 * depth


def some_of(names: Sequence[str], most: int) -> list[str]:
    """Returns the names that a legend has room for: all, or some from the first to the last.

    >>> some_of(["a", "b", "c", "d", "e"], 3)
    ['a', 'c', 'e']

    Args:
        names: in order.
        most: how many may be shown, at least 2.
    """
    if len(names) <= most:
        return list(names)
    return [names[round(i * (len(names) - 1) / (most - 1))] for i in range(most)]


def _as_png(figure: Any, dpi: int | Literal["figure"]) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def _bars(summaries: Sequence[Summary], metric: str, title: str) -> Any:
    """A bar for each network of the one level and for the dense one, with its value."""
    figure = new_figure((6.4, 1.5 + 0.5 * len(summaries)))
    axes = figure.subplots()
    differ = len({round(s.sparsity, 3) for s in summaries if s.arm != DENSE}) > 1
    bars = [_bar(s, metric, number) for number, s in enumerate(summaries)]
    if differ:
        named = zip(bars, summaries, strict=True)
        bars = [dataclasses.replace(b, name=f"{b.name}, {s.sparsity:.3g}") for b, s in named]
    draw_bars(axes, bars)
    axes.set_xlabel(_axis_label(summaries, metric))
    levels = {round(s.sparsity, 3): s.sparsity for s in summaries if s.arm != DENSE}
    under = f"\nat sparsity {next(iter(levels.values())):.4g}" if len(levels) == 1 else ""
    axes.set_title(f"{title}{under}", fontsize=10)
    return figure


def _bar(summary: Summary, metric: str, number: int) -> Bar:
    found = summary.statistics.get(metric)
    spread = 0.0 if found is None else found.sd or 0.0
    return Bar(
        name=summary.arm.replace("_", " "),
        value=None if found is None else found.mean,
        text=value_text(summary, metric),
        color="0.6" if summary.arm == DENSE else f"C{max(number - 1, 0)}",
        below=spread,
        above=spread,
    )


def _axis_label(summaries: Sequence[Summary], metric: str) -> str:
    known = [s.statistics[metric] for s in summaries if metric in s.statistics]
    if all(f.sd is None for f in known):
        return label(metric)
    return f"{label(metric)}, mean ± sd of {_counts(known)} replicates"


def _counts(found: Sequence[Statistic]) -> str:
    return "–".join(map(str, sorted({f.num for f in found})))


def _draw_dense(axes: Any, summaries: Sequence[Summary], metric: str) -> None:
    for summary in (s for s in summaries if s.arm == DENSE):
        found = summary.statistics[metric]
        label = f"dense (n = {found.num})"
        axes.axhline(found.mean, color="0.4", linestyle="--", linewidth=1, label=label)
        if found.sd is not None:
            band = (found.mean - found.sd, found.mean + found.sd)
            axes.axhspan(*band, color="0.4", alpha=0.12, linewidth=0)


def _draw_arm(axes: Any, levels: Sequence[Summary], metric: str, number: int, width: float) -> None:
    """Draws the levels of one arm: a line, or a marker that steps aside of those before it."""
    found = [s.statistics[metric] for s in levels]
    kept = [max(s.density, LEAST) for s in levels]
    missing = sum(f.num_missing for f in found)
    left_out = f", {missing} not finite" if missing else ""
    name = f"{levels[0].arm.replace('_', ' ')} (n = {_counts(found)}{left_out})"
    means, color = [f.mean for f in found], f"C{number}"
    spread = [f.sd or 0.0 for f in found]
    if len(levels) > 1:
        if any(f.sd is not None for f in found):
            low = [f.mean - e for f, e in zip(found, spread, strict=True)]
            high = [f.mean + e for f, e in zip(found, spread, strict=True)]
            axes.fill_between(kept, low, high, color=color, alpha=0.2, linewidth=0)
        axes.plot(kept, means, color=color, marker="o", markersize=3.5, label=name)
        return
    beside = [step_aside(density, width, number) for density in kept]
    errors = {"yerr": spread, "capsize": 3} if any(f.sd is not None for f in found) else {}
    marker = _MARKERS[number % len(_MARKERS)]
    axes.errorbar(beside, means, color=color, fmt=marker, markersize=5, label=name, **errors)


def step_aside(density: float, width: float, number: int) -> float:
    """Returns where an arm of a single level is drawn, so that it covers no arm before it.

    Args:
        density: of the level.
        width: how wide the levels lie, as a logarithm.
        number: of the arm; 0 stays where it is.
    """
    return density * math.exp(-_STEP_ASIDE * width * number)


def sparsity_ticks(summaries: Sequence[Summary]) -> dict[float, str]:
    """Returns which densities are written on a logarithmic axis of them, as the sparsities.

    Args:
        summaries: of every network in the picture, at least one.

    Returns:
        `{density: sparsity as text}`, the largest density first; at most 8, and the smallest
        density always.
    """
    densities = sorted({max(round(s.density, 6), LEAST) for s in summaries}, reverse=True)
    width = math.log(densities[0] / densities[-1]) or 1.0
    step = max(1, -(-len(densities) // 8))
    ticks: list[float] = []
    for density in densities[::-1][::step]:
        if not ticks or math.log(density / ticks[0]) > _APART * width:
            ticks.insert(0, density)
    return {density: f"{1 - density:.3g}" for density in ticks}


def _set_scale(axes: Any, summaries: Sequence[Summary]) -> float:
    """Equal pruning rates are equal distances: a logarithmic axis of density, sparsity written.

    Returns how wide the levels lie, as a logarithm.
    """
    densities = sorted({max(round(s.density, 6), LEAST) for s in summaries}, reverse=True)
    num_arms = len({s.arm for s in summaries})
    axes.set_xscale("log")
    width = math.log(densities[0] / densities[-1]) or 1.0
    ticks = sparsity_ticks(summaries)
    axes.set_xticks(list(ticks), labels=list(ticks.values()))
    axes.set_xticks([], minor=True)
    aside = _MARGIN + _STEP_ASIDE * num_arms
    axes.set_xlim(
        densities[0] * math.exp(_MARGIN * width), densities[-1] * math.exp(-aside * width)
    )
    axes.set_xlabel("sparsity (fraction of prunable weights masked out)")
    return width
