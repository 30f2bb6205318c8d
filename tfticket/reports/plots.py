"""Pictures: accuracy against sparsity, with bands over replicates, and their controls.

Figures are matplotlib objects of their own; no global state of matplotlib is touched.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfticket import files
from tfticket.errors import MissingDependencyError
from tfticket.reports.results import DENSE, TICKET, Result, Summary, summarize
from tfticket.reports.tables import label

__all__ = ["new_figure", "plot_against_sparsity", "save"]

_MARKERS = "osD^Pv*"
_STEP_ASIDE = 0.98


def plot_against_sparsity(
    results: Sequence[Result], metric: str = "test_accuracy", title: str = ""
) -> Any:
    """Plots a metric against the sparsity of each level.

    The line is the mean over replicates, the band one standard deviation either way; the legend
    says how many replicates. The dense network's mean is a dashed line through the whole picture.

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
    summaries = [s for s in summarize(results) if metric in s.statistics]
    if not summaries:
        raise ValueError(f"`metric` must be in the results. Received: metric={metric!r}")
    figure = new_figure((6.4, 4.4))
    axes = figure.subplots()
    _draw_dense(axes, summaries, metric)
    arms = dict.fromkeys(s.arm for s in summaries if s.arm != DENSE)
    for number, arm in enumerate(sorted(arms, key=lambda a: a != TICKET)):
        _draw_arm(axes, arm, summaries, metric, number)
    _set_scale(axes, summaries)
    axes.set_ylabel(f"{label(metric)}, mean ± sd")
    axes.set_title(title)
    axes.legend(frameon=False)
    return figure


def save(figure: Any, path: str | Path, dpi: int = 150) -> None:
    """Writes a figure as PNG, atomically and without a time stamp.

    Args:
        figure: a matplotlib figure.
        path: the file.
        dpi: dots per inch.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    files.write_bytes(path, buffer.getvalue())


def new_figure(size: tuple[float, float]) -> Any:
    """Returns an empty figure of its own, with a canvas to be drawn on.

    Args:
        size: width and height in inches.

    Raises:
        MissingDependencyError: without matplotlib.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError("matplotlib", "plots", "to plot") from error
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _draw_dense(axes: Any, summaries: Sequence[Summary], metric: str) -> None:
    for summary in (s for s in summaries if s.arm == DENSE):
        found = summary.statistics[metric]
        label = f"dense (n = {found.num})"
        axes.axhline(found.mean, color="0.4", linestyle="--", linewidth=1, label=label)
        if found.sd is not None:
            band = (found.mean - found.sd, found.mean + found.sd)
            axes.axhspan(*band, color="0.4", alpha=0.12, linewidth=0)


def _draw_arm(axes: Any, arm: str, summaries: Sequence[Summary], metric: str, number: int) -> None:
    chosen = [s for s in summaries if s.arm == arm]
    found = [s.statistics[metric] for s in chosen]
    kept = [s.density for s in chosen]
    counts = sorted({f.num for f in found})
    label = f"{arm.replace('_', ' ')} (n = {'–'.join(map(str, counts))})"
    means, color = [f.mean for f in found], f"C{number}"
    if len(chosen) > 1:
        low = [f.mean - (f.sd or 0.0) for f in found]
        high = [f.mean + (f.sd or 0.0) for f in found]
        axes.fill_between(kept, low, high, color=color, alpha=0.2, linewidth=0)
        axes.plot(kept, means, color=color, marker="o", markersize=3.5, label=label)
    else:
        sd = [f.sd or 0.0 for f in found]
        marker = _MARKERS[number % len(_MARKERS)]
        beside = [density * _STEP_ASIDE**number for density in kept]  # or they hide each other
        axes.errorbar(beside, means, sd, color=color, fmt=marker, capsize=3, label=label)


def _set_scale(axes: Any, summaries: Sequence[Summary]) -> None:
    """Equal pruning rates are equal distances: a logarithmic axis of density, sparsity written."""
    densities = sorted({round(s.density, 6) for s in summaries}, reverse=True)
    axes.set_xscale("log")
    axes.invert_xaxis()
    step = max(1, -(-len(densities) // 8))
    ticks = densities[::-1][::step][::-1]
    axes.set_xticks(ticks, labels=[f"{1 - d:.3g}" for d in ticks])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("sparsity (fraction of prunable weights masked out)")
