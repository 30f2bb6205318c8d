"""Sensitivity as data, as text and as a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tfticket.files import to_dict
from tfticket.reports.plots import depth_color, new_figure, some_of
from tfticket.tables import aligned

__all__ = ["Sensitivity", "SensitivityRow"]

#: Names in a legend beyond which only some are shown.
_MAX_NAMES = 10


@dataclass(frozen=True)
class SensitivityRow:
    """What a network is worth without a part of one layer.

    Args:
        name: path of a weight, or name of a channel group.
        kind: `"weights"` or `"channels"`: what was masked.
        size: how many of them there are.
        asked: fraction that was to be masked.
        sparsity: fraction that was masked, a whole number of them; one is always kept.
        value: the metric without training.
        loss: how much worse than the dense network that is.
        trained: the metric after fine-tuning; `None` without it.
        trained_loss: how much worse than the dense network that is.
    """

    name: str
    kind: str
    size: int
    asked: float
    sparsity: float
    value: float
    loss: float
    trained: float | None = None
    trained_loss: float | None = None

    @property
    def least_loss(self) -> float:
        """The loss after fine-tuning if there was any, otherwise without."""
        return self.loss if self.trained_loss is None else self.trained_loss


@dataclass(frozen=True)
class Sensitivity:
    """How much worse a network gets as parts of single layers are masked.

    Args:
        metric: name of the metric.
        higher_is_better: its direction.
        dense: the metric of the whole network.
        rows: one for each layer and sparsity, in the order of the network.
        notes: what has to be said with them.
    """

    metric: str
    higher_is_better: bool
    dense: float
    rows: tuple[SensitivityRow, ...]
    notes: tuple[str, ...] = ()

    def tolerated(self, max_loss: float, kind: str = "weights") -> dict[str, float]:
        """Returns the largest sparsity of each layer up to which no loss was greater than one.

        Args:
            max_loss: of the metric, against the dense network.
            kind: `"weights"` or `"channels"`.

        Returns:
            Sparsities by name, of those that were tried; 0 where the least was too much.
        """
        found: dict[str, float] = {}
        ended = set()
        for row in sorted((r for r in self.rows if r.kind == kind), key=lambda r: r.sparsity):
            found.setdefault(row.name, 0.0)
            if row.least_loss > max_loss:
                ended.add(row.name)
            elif row.name not in ended:
                found[row.name] = row.sparsity
        return {name: found[name] for name in self._names(kind)}

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as plain JSON values."""
        return to_dict(self)

    def __str__(self) -> str:
        parts = [f"dense: {self.metric} {self.dense:.4f}; below, how much worse it gets"]
        for kind in self._kinds():
            for is_trained in (False, True):
                if is_trained and not any(r.trained is not None for r in self.rows):
                    continue
                parts += ["", self._table(kind, is_trained=is_trained)]
        return "\n".join([*parts, *(f"Note: {note}." for note in self.notes)])

    def plot(self, title: str = "") -> Any:
        """Plots the metric against the sparsity of each layer, one panel a kind.

        Args:
            title: text above the picture.

        Returns:
            A `matplotlib.figure.Figure`; the dense network is the dashed line.

        Raises:
            MissingDependencyError: without matplotlib.
        """
        kinds = self._kinds()
        figure = new_figure((1.2 + 4.4 * len(kinds), 4.6))
        panels = figure.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
        for panel, kind in zip(panels, kinds, strict=True):
            self._draw(panel, kind)
        panels[0].set_ylabel(f"{self.metric} on validation data")
        figure.suptitle(title, fontsize=10)
        return figure

    def _kinds(self) -> list[str]:
        return list(dict.fromkeys(r.kind for r in self.rows))

    def _names(self, kind: str) -> list[str]:
        return list(dict.fromkeys(r.name for r in self.rows if r.kind == kind))

    def _table(self, kind: str, *, is_trained: bool) -> str:
        own = [r for r in self.rows if r.kind == kind]
        asked = sorted({r.asked for r in own})
        lines = []
        for name in self._names(kind):
            losses = {
                r.asked: r.trained_loss if is_trained else r.loss for r in own if r.name == name
            }
            size = next(r.size for r in own if r.name == name)
            cells = [losses.get(sparsity) for sparsity in asked]
            lines.append([name, f"{size:,}", *("" if c is None else f"{c:+.4f}" for c in cells)])
        heading = f"{kind}, fine-tuned" if is_trained else kind
        return aligned([heading, "of", *(f"{100 * s:g}%" for s in asked)], lines)

    def _draw(self, panel: Any, kind: str) -> None:
        names = self._names(kind)
        shown = some_of(names, _MAX_NAMES)
        for number, name in enumerate(names):
            own = [r for r in self.rows if (r.kind, r.name) == (kind, name)]
            values = [r.value if r.trained is None else r.trained for r in own]
            color = depth_color(number, len(names))
            style = {"color": color, "marker": "o", "markersize": 3, "linewidth": 1.2}
            label = name if name in shown else None
            sparsities = [0.0, *(r.sparsity for r in own)]
            panel.plot(sparsities, [self.dense, *values], label=label, **style)
        panel.axhline(self.dense, color="0.3", linestyle="--", linewidth=1)
        trained = any(r.trained is not None for r in self.rows)
        panel.set_title(
            f"{kind} of one layer masked{', fine-tuned' if trained else ''}", fontsize=9
        )
        panel.set_xlabel(f"fraction of {kind} masked")
        panel.legend(frameon=False, fontsize=7, loc="best")
