"""Layer collapse as data, as text and as a picture: what each compression leaves of each layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tfticket import collapse
from tfticket.collapse import CollapseCurve
from tfticket.reports.plots import depth_color, new_figure, some_of
from tfticket.tables import aligned

__all__ = ["CollapseComparison", "plot_collapse", "ratio_text"]

_NOTHING = 0.5  # where 0 is drawn on a logarithmic axis
#: Ratios from here on are written as whole numbers.
_WHOLE = 1000
#: Panels beside each other, and layers in the legend.
_COLUMNS, _MAX_NAMES = 3, 12


@dataclass(frozen=True)
class CollapseComparison:
    """What each score leaves of each layer at each compression.

    Args:
        model: the network's name.
        seed: of the initial weights, the batch and random scores.
        curves: one per score.
        notes: what has to be said with them.
    """

    model: str
    seed: int
    curves: tuple[CollapseCurve, ...]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Returns it as plain JSON values, with the kept weights of every layer."""
        return {
            "model": self.model,
            "seed": self.seed,
            "notes": list(self.notes),
            "scores": collapse.rows(self.curves),
            "kept": [row for curve in self.curves for row in curve.table()],
        }

    def __str__(self) -> str:
        header = ["score", "rounds", "critical", "first collapse", "disconnected", "emptied first"]
        lines = [_line(row) for row in collapse.rows(self.curves)]
        maximal = self.curves[0].maximal_compression
        title = f"{self.model}, seed {self.seed}: compression ratios up to {maximal:,.0f}, maximal"
        return "\n".join([title, "", aligned(header, lines), *(f"Note: {n}." for n in self.notes)])


def plot_collapse(curves: Sequence[CollapseCurve], title: str = "") -> Any:
    """Plots the kept weights of every layer against compression, one panel per score.

    A layer that is emptied falls to the lowest line; the dashed line is the first collapse. The
    legend below names the layers; of many, some between the first and the last.

    Args:
        curves: of any number of scores on one model.
        title: text above the picture, a `matplotlib.figure.Figure`.

    Raises:
        ValueError: if there is no curve.
        MissingDependencyError: without matplotlib.
    """
    if not curves:
        raise ValueError("`curves` must hold at least one curve. Received: curves=[]")
    columns = min(len(curves), _COLUMNS)
    rows = -(-len(curves) // columns)
    names = some_of(list(curves[0].num_weights), _MAX_NAMES)
    lines = -(-(len(names) + 1) // columns)
    figure = new_figure((1.0 + 3.0 * columns, 0.7 + 2.9 * rows + 0.2 * lines))
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    panels = [*grid.flat]
    for panel, curve in zip(panels, curves, strict=False):
        _draw(panel, curve)
    for panel in panels[len(curves) :]:
        panel.set_visible(False)
    for number, panel in enumerate(panels[: len(curves)]):
        if number % columns == 0:
            panel.set_ylabel("kept weights of a layer")
        if number + columns >= len(curves):  # nothing below it
            panel.set_xlabel("compression ratio")
            panel.tick_params(labelbottom=True)
    handles, labels = panels[0].get_legend_handles_labels()
    shown = [handle for handle, name in zip(handles, labels, strict=True) if name in names]
    dashed = panels[0].plot([], [], color="0.3", linestyle="--", linewidth=1)
    figure.legend(
        [*shown, *dashed],
        [*names, "first collapse"],
        loc="outside lower center",
        ncols=columns,
        frameon=False,
        fontsize=8,
    )
    figure.suptitle(title, fontsize=10)
    return figure


def _draw(panel: Any, curve: CollapseCurve) -> None:
    for number, path in enumerate(curve.num_weights):
        kept = [max(k[path], _NOTHING) for k in curve.kept]
        color = depth_color(number, len(curve.num_weights))
        panel.plot(curve.compression_ratios, kept, color=color, linewidth=1.2, label=path)
    if curve.first_collapse is not None:
        panel.axvline(curve.first_collapse, color="0.3", linestyle="--", linewidth=1)
    panel.axhline(_NOTHING, color="0.7", linewidth=0.6)
    panel.annotate(
        "0 weights",
        (0.02, _NOTHING),
        xycoords=("axes fraction", "data"),
        xytext=(0, 2),
        textcoords="offset points",
        fontsize=7,
        color="0.4",
    )
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_title(_heading(curve), fontsize=9)


def _heading(curve: CollapseCurve) -> str:
    rounds = "1 round" if curve.rounds == 1 else f"{curve.rounds} rounds"
    critical = curve.critical_compression
    reached = "collapses at once" if critical is None else f"critical {ratio_text(critical)}"
    if curve.first_collapse is None:
        reached = "no collapse"
    return f"{curve.score}, {rounds}\n{reached}"


def _line(row: dict[str, Any]) -> list[str]:
    """One row of `collapse.rows` as cells of text."""
    paths = row["collapsed_layers"]
    more = f" and {len(paths) - 1} more" if paths[1:] else ""
    return [
        row["score"],
        str(row["rounds"]),
        ratio_text(row["critical_compression"], "none"),
        ratio_text(row["first_collapse"], "no collapse"),
        ratio_text(row["first_disconnection"], "never"),
        f"{paths[0]}{more}" if paths else "-",
    ]


def ratio_text(value: float | None, absent: str = "") -> str:
    """Returns a compression ratio in four digits, from 1000 on as a whole number.

    >>> ratio_text(31.6228), ratio_text(31622.8)
    ('31.62', '31,623')

    Args:
        value: of at least 1.
        absent: what stands where there is none.
    """
    if value is None:
        return absent
    return f"{value:,.0f}" if value >= _WHOLE else f"{value:.4g}"
