"""What a search has found, as data, as text and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfticket import files
from tfticket.compression.budget import Budget
from tfticket.compression.candidate import Candidate, excess, figure, fits, front
from tfticket.compression.page import page_of
from tfticket.files import Plain, to_dict
from tfticket.reports.page import is_page, plotting_script
from tfticket.reports.plots import new_figure
from tfticket.tables import aligned

__all__ = ["Compressed", "Price", "TestValues"]

_KINDS = {"float32": "o", "float16": "s", "dynamic": "^", "int8": "D"}


@dataclass(frozen=True)
class TestValues:
    """The metric on test data, measured once.

    Args:
        model: of the dense model.
        dense_file: of its float32 file.
        best: of the chosen file.
    """

    __test__ = False  # no test, whatever a runner of tests makes of its name

    model: float
    dense_file: float
    best: float


@dataclass(frozen=True)
class Price:
    """What a budget buys.

    Args:
        file_bytes: size of a file, as the budget counts it.
        milliseconds: of one call; infinity if it was not timed.
        drop: how much worse than the dense model the file is.
        name: of the file.
        per_tenth: how much less would be lost for a tenth more bytes, as the step to the next
            file of the list says; `None` of the last one.
    """

    file_bytes: int
    milliseconds: float
    drop: float
    name: str
    per_tenth: float | None


@dataclass(frozen=True)
class Compressed(Plain):
    """Every file that was made, and the one that was chosen.

    Args:
        metric: its name.
        higher_is_better: its direction.
        dense: of the dense model, on validation data.
        budget: what was asked for.
        candidates: every file, in the order of the search; those of the whole network come first.
        best: the chosen file: the best that fits the budget, or the nearest if none does.
        conditions: what times were measured under.
        test: on test data; `None` if none were given.
        notes: what has to be said of them.
    """

    metric: str
    higher_is_better: bool
    dense: float
    budget: Budget
    candidates: tuple[Candidate, ...]
    best: Candidate
    conditions: str
    test: TestValues | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_met(self) -> bool:
        """Whether the chosen file fits the budget."""
        return fits(self.best, self.budget)

    @property
    def excess(self) -> dict[str, float]:
        """By how much the chosen file exceeds limits, as a fraction of each; empty if it fits."""
        return excess(self.best, self.budget, abs(self.dense))

    def prices(self) -> list[Price]:
        """Returns what each size of file buys: of those that none is better than, smallest first.

        A larger file of the list loses less than every smaller one.
        """
        kept: list[Candidate] = []
        for one in front(list(self.candidates), self.budget):
            if not kept or one.drop < kept[-1].drop:
                kept.append(one)
        rows = []
        for one, larger in zip(kept, [*kept[1:], None], strict=True):
            size, tenth = one.size(self.budget), None
            if larger is not None:
                growth = (larger.size(self.budget) - size) / size
                tenth = (one.drop - larger.drop) * 0.1 / max(growth, 1e-12)
            rows.append(Price(size, one.milliseconds, one.drop, one.name, tenth))
        return rows

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as plain JSON values, with what follows from it."""
        prices = [to_dict(price) for price in self.prices()]
        budget = self.budget.to_dict()
        return {
            **to_dict(self),
            "budget": budget,
            "is_met": self.is_met,
            "excess": self.excess,
            "prices": prices,
        }

    def __str__(self) -> str:
        lines = [self.headline(), "", aligned(*self.table()), "", aligned(*self.price_table())]
        if self.test is not None:
            lines += [
                "",
                f"On test data, measured once: {self.metric} of the model"
                f" {figure(self.test.model)}, of its dense float32 file"
                f" {figure(self.test.dense_file)}, of the chosen file {figure(self.test.best)}.",
            ]
        return "\n".join([*lines, "", f"Times: {self.conditions}.", *self._said()])

    def _said(self) -> list[str]:
        return [f"Note: {note.rstrip('.')}." for note in self.notes]

    def headline(self) -> str:
        """Says what was asked for, what is chosen and why."""
        head = f"Asked for: {self.budget}."
        if self.is_met:
            return f"{head}\nChosen: {self.best.name}: {self.best.path}, {self._why()}."
        over = ", ".join(f"{name} by {100 * x:.0f}%" for name, x in self.excess.items())
        return (
            f"{head}\nNo file fits. The nearest is {self.best.name}: {self.best.path}; it exceeds"
            f" {over}. What other budgets cost is listed below."
        )

    def _why(self) -> str:
        aim = self.budget.aim
        others = sum(fits(c, self.budget) for c in self.candidates) - 1
        wanted = {"bytes": "the smallest", "latency": "the fastest", "metric": "what loses least"}
        if not others:
            return "the only one that fits"
        return f"{wanted[aim]} of {others + 1} that fit"

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Returns a header and a row for each file."""
        on_front = {c.path for c in front(list(self.candidates), self.budget)}
        rows = []
        for one in self.candidates:
            marks = "*" * (one.path in on_front) + " chosen" * (one == self.best)
            rows.append(
                [
                    str(one.treatment),
                    one.weights,
                    figure(one.metric),
                    figure(one.drop, "+"),
                    f"{one.file_bytes:,}",
                    f"{one.gzip_bytes:,}",
                    "" if one.latency is None else str(one.latency),
                    "" if one.flops is None else f"{one.flops:,}",
                    marks.strip(),
                ]
            )
        heading = ["network", "weights", self.metric, "drop", "bytes", "gzip", "ms", "FLOPs", "*"]
        return heading, rows

    def price_table(self) -> tuple[list[str], list[list[str]]]:
        """Returns a header and a row for each price."""
        rows = [
            [
                f"{p.file_bytes:,}",
                figure(p.drop, "+"),
                "" if p.per_tenth is None else f"{p.per_tenth:.2g}",
                p.name,
            ]
            for p in self.prices()
        ]
        size = "gzipped bytes allowed" if self.budget.size_of == "gzip" else "bytes allowed"
        return [size, "drop", "10% more bytes buys", "file"], rows

    def write_report(self, path: str | Path, title: str = "", *, overwrite: bool = False) -> Path:
        """Writes one HTML page that needs no network to be read: plots with their numbers, tables.

        Args:
            path: of the file; it appears whole or not at all.
            title: of the page.
            overwrite: whether to replace what tfticket did not write. Pages it wrote are replaced.

        Returns:
            The path.

        Raises:
            FileExistsError: if something not ours is at `path` and `overwrite` is not set.
            MissingDependencyError: without plotly.
        """
        path = Path(path)
        files.require_free(path, is_ours=is_page(path), overwrite=overwrite, is_file=True)
        page = page_of(self, title or "Files within a budget")
        files.write_bytes(path, page.html(plotting_script()).encode())
        return path

    def plot(self, title: str = "") -> Any:
        """Plots the metric against bytes and against milliseconds: all files, the front, limits.

        Args:
            title: text above the picture.

        Returns:
            A `matplotlib.figure.Figure`; the chosen file is circled, limits are dashed.

        Raises:
            MissingDependencyError: without matplotlib.
        """
        size = "bytes, gzipped" if self.budget.size_of == "gzip" else "bytes"
        panels = [(size, lambda c: c.size(self.budget), self.budget.bytes)]
        if all(c.latency is not None for c in self.candidates):
            panels += [("milliseconds", lambda c: c.milliseconds, self.budget.milliseconds)]
        drawn = new_figure((1.0 + 4.6 * len(panels), 4.4))
        axes = drawn.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axis, (name, value, limit) in zip(axes, panels, strict=True):
            self._draw(axis, name, value, limit)
        axes[0].set_ylabel(f"{self.metric} on validation data")
        axes[0].legend(frameon=False, fontsize=8)
        drawn.suptitle(title, fontsize=10)
        return drawn

    def _draw(self, axis: Any, name: str, value: Any, limit: float | None) -> None:
        for kind, marker in _KINDS.items():
            own = [c for c in self.candidates if c.weights == kind]
            if own:
                points = [value(c) for c in own], [c.metric for c in own]
                axis.plot(*points, marker, label=kind, markersize=5, alpha=0.8)
        best_so_far, xs, ys = None, [], []
        for one in sorted(self.candidates, key=lambda c: (value(c), c.drop)):
            if best_so_far is None or one.drop < best_so_far:
                best_so_far = one.drop
                xs.append(value(one))
                ys.append(one.metric)
        axis.step(xs, ys, where="post", color="0.5", linewidth=1, label="front")
        axis.plot([value(self.best)], [self.best.metric], "o", markersize=12, mfc="none", mec="k")
        if limit is not None:
            axis.axvline(limit, color="0.3", linestyle="--", linewidth=1)
        if self.budget.max_drop is not None:
            sign = -1 if self.higher_is_better else 1
            bound = self.dense + sign * self.budget.max_drop
            axis.axhline(bound, color="0.3", linestyle="--", linewidth=1)
        _scale(axis, [value(c) for c in self.candidates] + ([limit] if limit else []))
        axis.set_xlabel(name)


def _scale(axis: Any, values: Sequence[float]) -> None:
    """Makes an axis logarithmic where values lie far apart, and writes plain numbers."""
    from matplotlib import ticker

    if max(values) > 4 * min(values):
        axis.set_xscale("log")
        axis.xaxis.set_major_locator(ticker.LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.xaxis.set_minor_formatter(ticker.NullFormatter())
    else:
        axis.xaxis.set_major_locator(ticker.MaxNLocator(5))
    axis.xaxis.set_major_formatter(ticker.StrMethodFormatter("{x:,g}"))
