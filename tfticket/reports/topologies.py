"""A picture of a weight-agnostic network: nodes by depth, coloured by what they compute."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfticket.reports.plots import new_figure
from tfticket.weight_agnostic import ACTIVATIONS, Champion

__all__ = ["plot_network"]

#: From so many inputs on they are a square of pixels, if they fill one.
_SQUARE_FROM = 36


def plot_network(champion: Champion, title: str = "") -> Any:
    """Draws a network: inputs on the left, outputs on the right, hidden nodes between by depth.

    Inputs that are the pixels of a square image are drawn as one, the darker the more connections
    leave a pixel, and the bias below it; otherwise the bias is the lowest input.

    Args:
        champion: the network.
        title: text above the picture.

    Returns:
        A `matplotlib.figure.Figure`, ready to be saved with `reports.plots.save`.

    Raises:
        MissingDependencyError: without matplotlib.
    """
    figure = new_figure((9.0, 6.0))
    axes = figure.add_subplot()
    places = _places(champion)
    for source, target in zip(champion.sources, champion.targets, strict=True):
        x, y = zip(places[source], places[target], strict=True)
        axes.plot(x, y, color="0.4", linewidth=0.4, alpha=0.35, zorder=1)
    _draw_inputs(axes, champion, places)
    first = 1 + champion.num_inputs + champion.num_outputs
    colors = _colors()
    for name in ACTIVATIONS:
        nodes = [first + n for n, kind in enumerate(champion.activations) if kind == name]
        if nodes:
            axes.scatter(*places[nodes].T, s=36, color=colors[name], label=name, zorder=3)
    outputs = np.arange(1 + champion.num_inputs, first)
    axes.scatter(*places[outputs].T, s=46, color="black", marker="s", zorder=3)
    for number, output in enumerate(outputs):
        axes.annotate(str(number), places[output] + [0.02, 0], va="center", fontsize=8)
    if champion.activations:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=6, frameon=False, fontsize=8)
    axes.set_title(title or str(champion), fontsize=10)
    axes.set_axis_off()
    return figure


def _places(champion: Champion) -> np.ndarray:
    """Where each node is drawn, `[nodes, 2]`; from left to right in [0, 1]."""
    places = np.zeros((champion.genomes.num_nodes, 2))
    inputs = np.arange(1 + champion.num_inputs)
    side = _side(champion.num_inputs)
    if side:
        places[1 : len(inputs), 0] = (inputs[:-1] % side) / side * 0.22 - 0.24
        places[1 : len(inputs), 1] = 0.7 - (inputs[:-1] // side) / side * 0.36
        places[0] = (-0.13, 0.26)
    else:
        places[inputs, 1] = (inputs + 0.5) / len(inputs)
    levels = champion.levels
    for depth, nodes in enumerate(levels, 1):
        places[nodes, 0] = depth / (len(levels) + 1)
        places[nodes, 1] = (np.arange(len(nodes)) + 0.5 + 0.2 * (depth % 3 - 1)) / len(nodes)
    outputs = np.arange(champion.num_outputs)
    places[1 + champion.num_inputs + outputs, 0] = 1
    places[1 + champion.num_inputs + outputs, 1] = 1 - (outputs + 0.5) / champion.num_outputs
    return places


def _draw_inputs(axes: Any, champion: Champion, places: np.ndarray) -> None:
    inputs = np.arange(1 + champion.num_inputs)
    used = np.bincount(champion.sources, minlength=len(inputs))[: len(inputs)]
    shade = 0.95 - 0.8 * np.minimum(used / max(1, used[1:].max(initial=0)), 1)
    side = _side(champion.num_inputs)
    size = (70 / side) ** 2 if side else 30  # pixels touch each other
    marker = "s" if side else "o"
    axes.scatter(*places[inputs].T, s=size, marker=marker, c=[(g, g, g) for g in shade], zorder=2)


def _side(num_inputs: int) -> int:
    side = round(num_inputs**0.5)
    return side if num_inputs >= _SQUARE_FROM and side * side == num_inputs else 0


def _colors() -> dict[str, Any]:
    from matplotlib import colormaps

    return {name: colormaps["Paired"](k) for k, name in enumerate(ACTIVATIONS)}
