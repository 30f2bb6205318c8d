"""What a search has found, as one HTML page."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from tfticket.compression.candidate import Candidate, figure, front
from tfticket.reports.page.contents import Block, Facts, Missing, Plot, Section, Table, Text
from tfticket.reports.page.document import Page
from tfticket.reports.page.drawing import NEUTRAL, Line, lines, said
from tfticket.reports.results import Statistic
from tfticket.reports.tables import label

__all__ = ["page_of"]

_KINDS = ("float32", "float16", "dynamic", "int8")
#: The symbol of the chosen file, a star.
_CHOSEN = 6


def page_of(found: Any, title: str) -> Page:
    """Returns a page: the chosen file, every file against bytes and milliseconds, and tables.

    Args:
        found: by a search: a `Compressed`.
        title: of the page.
    """
    size = "bytes, gzipped" if found.budget.size_of == "gzip" else "bytes"
    blocks = [
        _key_figures(found),
        _against(found, size, lambda c: c.size(found.budget), found.budget.bytes),
        _against(found, "milliseconds", lambda c: c.milliseconds, found.budget.milliseconds),
        Table("Every file, in the order of the search.", *found.table(), num_left=2),
        _prices(found),
        _conditions(found),
    ]
    return Page(title, found.headline(), [Section("Files", blocks)])


def _key_figures(found: Any) -> Facts:
    best = found.best
    values = {
        "chosen" if found.is_met else "nearest": best.name,
        f"{label(found.metric)}, validation": figure(best.metric),
        "drop": figure(best.drop, "+"),
        "bytes": f"{best.file_bytes:,}",
    }
    if found.budget.size_of == "gzip":
        values["bytes, gzipped"] = f"{best.gzip_bytes:,}"
    if best.latency is not None:
        values["ms"] = f"{best.milliseconds:.3g}"
    if found.test is not None:
        values[f"{label(found.metric)}, test"] = figure(found.test.best)
        values["test, dense float32 file"] = figure(found.test.dense_file)
    return Facts("", values)


def _against(
    found: Any, name: str, value: Callable[[Candidate], float], limit: float | None
) -> Block:
    named = label(found.metric)
    title = f"{named[:1].upper()}{named[1:]} against {name}"
    if any(c.latency is None for c in found.candidates) and name == "milliseconds":
        return Missing(title, "Not every file was timed: the budget says nothing about time.")
    on_front = {c.path for c in front(list(found.candidates), found.budget)}
    drawn = [_kind(found, kind, n, value, on_front) for n, kind in enumerate(_KINDS)]
    drawn = [line for line in drawn if line.x]
    best = found.best
    chosen = Line(
        "chosen" if found.is_met else "nearest",
        [value(best)],
        [Statistic(best.metric, None, 1)],
        [_hover(found, best, on_front)],
        _CHOSEN,
        NEUTRAL,
        size=14,
    )
    drawn += [
        _front(found, value, on_front),
        *_limits(found, name, value, limit),
        chosen,
    ]
    better = "higher" if found.higher_is_better else "lower"
    axis = {"type": "log", "title": {"text": name}}
    shown = lines(drawn, axis, f"{label(found.metric)}, validation ({better} is better)")
    rows = [[c.name, _number(value(c)), figure(c.metric)] for c in found.candidates]
    numbers = Table(f"{title}: the numbers", ("file", name, label(found.metric)), rows)
    description = (
        f"Each point is a file, on validation data. The line joins those that none is both better"
        f" and smaller than; dashes are limits. The {chosen.name} file: {best.name},"
        f" {_number(value(best))} {name}, {label(found.metric)} {figure(best.metric)}."
    )
    return Plot(title, description, shown, numbers)


def _kind(
    found: Any,
    kind: str,
    number: int,
    value: Callable[[Candidate], float],
    on_front: Collection[str],
) -> Line:
    own = [c for c in found.candidates if c.weights == kind]
    points = [Statistic(c.metric, None, 1) for c in own]
    texts = [_hover(found, c, on_front) for c in own]
    return Line(kind, [value(c) for c in own], points, texts, number, has_line=False)


def _front(found: Any, value: Callable[[Candidate], float], on_front: Collection[str]) -> Line:
    """The least that is lost by files up to each size, in steps."""
    xs: list[float] = []
    ys: list[Candidate] = []
    for one in sorted(found.candidates, key=lambda c: (value(c), c.drop)):
        if not ys or one.drop < ys[-1].drop:
            if ys:
                xs.append(value(one))
                ys.append(ys[-1])
            xs.append(value(one))
            ys.append(one)
    points = [Statistic(c.metric, None, 1) for c in ys]
    texts = [_hover(found, c, on_front) for c in ys]
    return Line("front", xs, points, texts, 0, NEUTRAL, has_markers=False)


def _limits(
    found: Any, name: str, value: Callable[[Candidate], float], limit: float | None
) -> list[Line]:
    sizes = [value(c) for c in found.candidates] + [limit or value(found.best)]
    metrics = [c.metric for c in found.candidates]
    drawn = []
    if found.budget.max_drop is not None:
        sign = -1 if found.higher_is_better else 1
        bound = found.dense + sign * found.budget.max_drop
        metrics.append(bound)
        text = f"a drop of {found.budget.max_drop:g}: {label(found.metric)} {figure(bound)}"
        drawn.append(_limit(text, _around(sizes, is_log=True), [bound, bound]))
    if limit is not None:
        text = f"at most {_number(limit)} {name}"
        drawn.append(_limit(text, [limit, limit], _around(metrics)))
    return drawn


def _around(values: Sequence[float], *, is_log: bool = False) -> list[float]:
    """The ends of what is drawn, a little apart even where all values are one."""
    low, high = min(values), max(values)
    if is_log:
        return [low / 1.2, high * 1.2]
    room = 0.1 * (high - low) or 0.01 * abs(high) or 0.01
    return [low - room, high + room]


def _limit(text: str, xs: Sequence[float], ys: Sequence[float]) -> Line:
    points = [Statistic(y, None, 1) for y in ys]
    return Line(text, xs, points, [said(text)] * 2, 1, NEUTRAL, has_markers=False)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _hover(found: Any, one: Candidate, on_front: Collection[str]) -> str:
    rows = [
        f"<b>{said(one.name)}</b>",
        f"{said(label(found.metric))} {figure(one.metric)}, drop {figure(one.drop, '+')}",
        f"{one.file_bytes:,} bytes, {one.gzip_bytes:,} gzipped",
    ]
    if one.latency is not None:
        rows.append(f"{one.latency} ms")
    if one.path in on_front:
        rows.append("no other is better in everything")
    return "<br>".join(rows)


def _prices(found: Any) -> Table:
    header, rows = found.price_table()
    turned = [[row[-1], *row[:-1]] for row in [header, *rows]]
    return Table("What each size buys: files that none is better than.", turned[0], turned[1:])


def _conditions(found: Any) -> Text:
    said_of_test = []
    if found.test is not None:
        said_of_test = [
            f"On test data, looked at for the chosen file alone: {label(found.metric)} of the"
            f" model {figure(found.test.model)}."
        ]
    notes = [f"{note.rstrip('.')}." for note in found.notes]
    return Text("Conditions", [f"Times: {found.conditions}.", *said_of_test, *notes])
