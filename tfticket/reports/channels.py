"""Pictures of channels: how far masks are from each other over training, and where scales lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfticket.reports.plots import new_figure

__all__ = ["plot_mask_distances", "plot_scales"]


def plot_mask_distances(
    distances: np.ndarray, steps: Sequence[int], found_at: int | None = None, title: str = ""
) -> Any:
    """Plots the distance of every two masks drawn during a training.

    A dark square that reaches the lower right corner is a mask that has settled.

    Args:
        distances: `EarlyBird.distance_matrix()`, [masks, masks] in [0, 1].
        steps: optimizer updates done at each mask.
        found_at: the step at which the ticket emerged, which is marked.
        title: text above the picture.

    Returns:
        A `matplotlib.figure.Figure`, ready to be saved.

    Raises:
        ValueError: if there is no mask, or steps and distances do not fit.
        MissingDependencyError: without matplotlib.

    References:
        You et al. 2020, figure 2, https://arxiv.org/abs/1909.11957
    """
    if not len(steps) or np.shape(distances) != (len(steps), len(steps)):
        raise ValueError(
            "`distances` must have a row and a column for each of `steps`, at least one. Received:"
            f" distances of shape {np.shape(distances)} and {len(steps)} steps"
        )
    figure = new_figure((5.2, 4.4))
    axes = figure.subplots()
    image = axes.imshow(distances, vmin=0, cmap="viridis")
    figure.colorbar(image, label="distance (fraction of units that differ)")
    at = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), 8)).round().astype(int))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks(at, labels=[str(steps[i]) for i in at])
    if found_at is not None:
        position = list(steps).index(found_at)
        axes.axvline(position, color="w", linestyle="--", linewidth=1)
        axes.axhline(position, color="w", linestyle="--", linewidth=1)
    axes.set_xlabel("optimizer updates")
    axes.set_ylabel("optimizer updates")
    axes.set_title(title)
    return figure


def plot_scales(scales: Mapping[str, Mapping[str, np.ndarray]], title: str = "") -> Any:
    """Plots histograms of normalisation scales, one line per training.

    Args:
        scales: `{how it was trained: {path: scales}}`, as `ScalePenalty.values()` has them.
        title: text above the picture.

    Returns:
        A `matplotlib.figure.Figure`, ready to be saved.

    Raises:
        ValueError: if there are no scales.
        MissingDependencyError: without matplotlib.

    References:
        Liu et al. 2017, figure 4, https://arxiv.org/abs/1708.06519
    """
    found = {
        name: np.abs(np.concatenate([np.ravel(a).astype(np.float64) for a in arrays.values()]))
        for name, arrays in scales.items()
        if arrays
    }
    if not found:
        raise ValueError("`scales` must hold at least one array. Received none")
    figure = new_figure((6.4, 4.0))
    axes = figure.subplots()
    edges = np.linspace(0, max(v.max() for v in found.values()) or 1.0, 41)
    for name, values in found.items():
        axes.hist(values, edges, histtype="step", linewidth=1.5, label=f"{name} ({values.size})")
    axes.set_xlabel("scale |γ| of a channel")
    axes.set_ylabel("channels")
    axes.set_title(title)
    axes.legend(frameon=False)
    return figure
