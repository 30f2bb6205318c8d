"""Layer collapse as data, as text and as a picture: what each compression leaves of each layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tfticket import collapse
from tfticket.collapse import CollapseCurve
from tfticket.reports.plots import new_figure
from tfticket.tables import aligned

__all__ = ["CollapseComparison", "plot_collapse"]

_NOTHING = 0.5  # where 0 is drawn on a logarithmic axis


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

    A layer that is emptied falls to the lowest line; the dashed line is the first collapse.

    Args:
        curves: of any number of scores on one model.
        title: text above the picture, a `matplotlib.figure.Figure`.

    Raises:
        ValueError: if there is no curve.
        MissingDependencyError: without matplotlib.
    """
    if not curves:
        raise ValueError("`curves` must hold at least one curve. Received: curves=[]")
    figure = new_figure((0.6 + 3.0 * len(curves), 3.4))
    panels = figure.subplots(1, len(curves), sharex=True, sharey=True, squeeze=False)[0]
    for panel, curve in zip(panels, curves, strict=True):
        _draw(panel, curve)
    panels[0].set_ylabel("kept weights of a layer")
    figure.suptitle(title)
    return figure


def _draw(panel: Any, curve: CollapseCurve) -> None:
    last = max(1, len(curve.num_weights) - 1)
    for number, path in enumerate(curve.num_weights):
        kept = [max(k[path], _NOTHING) for k in curve.kept]
        shade = (0.1 + 0.7 * number / last, 0.3, 0.9 - 0.7 * number / last)
        panel.plot(curve.compression_ratios, kept, color=shade, linewidth=1.2, label=path)
    if curve.first_collapse is not None:
        panel.axvline(curve.first_collapse, color="0.3", linestyle="--", linewidth=1)
    panel.axhline(_NOTHING, color="0.7", linewidth=0.6)
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xlabel("compression ratio")
    panel.set_title(_heading(curve), fontsize=9)


def _heading(curve: CollapseCurve) -> str:
    rounds = "1 round" if curve.rounds == 1 else f"{curve.rounds} rounds"
    critical = curve.critical_compression
    reached = "collapses at once" if critical is None else f"critical {critical:.4g}"
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
        _ratio(row["critical_compression"], "none"),
        _ratio(row["first_collapse"], "no collapse"),
        _ratio(row["first_disconnection"], "never"),
        f"{paths[0]}{more}" if paths else "-",
    ]


def _ratio(value: float | None, absent: str) -> str:
    return absent if value is None else f"{value:,.4g}"
