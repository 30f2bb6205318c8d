"""Lines with bands for the page's script, in the terms of plotly.js.

Colours are names of the style sheet, `--c0` and so on: the script puts in what they are in light
and in dark. Names of runs and layers may be anything, and plotly.js reads text as HTML: `said`.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tfticket.reports.results import Statistic

__all__ = [
    "NEUTRAL",
    "NUM_SHADES",
    "SYMBOLS",
    "Line",
    "colour",
    "lines",
    "rounded",
    "said",
    "shade",
]

#: The colour of what others are compared with.
NEUTRAL = "--neutral"
_NUM_COLOURS, NUM_SHADES = 6, 7
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "star")
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


@dataclass(frozen=True)
class Line:
    """Points of one thing.

    Args:
        name: in the legend.
        x: where each is.
        points: mean and spread of each; `None` where there is none, which leaves a gap.
        texts: what is said where the pointer is.
        number: which colour, symbol and dash.
        color: another colour.
        is_shown: whether it is drawn before the legend is asked for it.
        has_markers: whether points are marked.
        has_band: whether the spread is a band; of a single point it is a bar.
        has_line: whether points are joined.
        size: of a mark; 0 for the usual one.
    """

    name: str
    x: Sequence[float]
    points: Sequence[Statistic | None]
    texts: Sequence[str]
    number: int = 0
    color: str = ""
    is_shown: bool = True
    has_markers: bool = True
    has_band: bool = True
    has_line: bool = True
    size: int = 0


def colour(number: int) -> str:
    """Returns the name of a colour.

    Args:
        number: from 0; they come again after the last.
    """
    return f"--c{number % _NUM_COLOURS}"


def shade(share: float) -> str:
    """Returns the name of a shade of one colour, for what is in order.

    Args:
        share: from 0, faint, to 1, strong.
    """
    return f"--s{round(share * (NUM_SHADES - 1))}"


def said(text: str, width: int = 0) -> str:
    """Returns text that plotly.js shows as it is.

    >>> said("<b>a</b>"), said("a_very_long_name", 9)
    ('&lt;b&gt;a&lt;/b&gt;', 'a_v…_name')

    Args:
        text: anything.
        width: characters beyond which it is shortened in its middle; 0 for never.
    """
    if width and len(text) > width:
        front = (width - 1) // 2 - 1
        text = f"{text[:front]}…{text[len(text) - (width - 1 - front) :]}"
    return html.escape(text, quote=False)


def rounded(value: float | None) -> float | None:
    """Returns a number with as many digits as a picture can show; `None` if it is not finite.

    Args:
        value: any.
    """
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.6g}")


def lines(given: Sequence[Line], x_axis: Mapping[str, Any], y_title: str) -> dict[str, Any]:
    """Draws lines with bands.

    Args:
        given: at least one.
        x_axis: the axis, as plotly.js takes it.
        y_title: what stands at the other axis.
    """
    data: list[dict[str, Any]] = []
    legend = []
    for line in given:
        mark = line.color or colour(line.number)
        dash = _DASHES[line.number % len(_DASHES)]
        symbol = SYMBOLS[line.number % len(SYMBOLS)]
        traces = [*_band(line, mark), _line(line, mark, dash, symbol)]
        places = list(range(len(data), len(data) + len(traces)))
        data += [{**trace, "visible": line.is_shown} for trace in traces]
        is_line = len(line.x) > 1 and line.has_line
        legend.append(
            {
                "name": line.name,
                "color": mark,
                "traces": places,
                "shown": line.is_shown,
                "dash": dash if is_line else "",
                "symbol": symbol if line.has_markers else "",
            }
        )
    layout = {"xaxis": dict(x_axis), "yaxis": {"title": {"text": said(y_title)}}, "height": 360}
    return {"data": data, "layout": layout, "legend": legend}


def _line(line: Line, mark: str, dash: str, symbol: str) -> dict[str, Any]:
    known = [p for p in line.points if p is not None]
    is_single = len(line.x) == 1 or not line.has_line
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "markers" if is_single else "lines+markers" if line.has_markers else "lines",
        "name": said(line.name),
        "x": [rounded(x) for x in line.x],
        "y": [None if p is None else rounded(p.mean) for p in line.points],
        "text": list(line.texts),
        "hovertemplate": "%{text}<extra></extra>",
        "line": {"color": mark, "width": 2, "dash": dash},
        "marker": {"color": mark, "size": line.size or (8 if is_single else 6), "symbol": symbol},
    }
    if is_single and any(p.sd is not None for p in known):
        spread = [0 if p is None else rounded(p.sd or 0.0) for p in line.points]
        trace["error_y"] = {"type": "data", "array": spread, "color": mark, "thickness": 1.5}
    return trace


def _band(line: Line, mark: str) -> list[dict[str, Any]]:
    """A filled outline for each stretch without a gap."""
    if not line.has_band or len(line.x) < 2 or not any(p and p.sd for p in line.points):
        return []
    xs: list[float | None] = []
    ys: list[float | None] = []
    for stretch in _stretches(line):
        there = [(x, p.mean, p.sd or 0.0) for x, p in stretch]
        around = [(x, m + s) for x, m, s in there] + [(x, m - s) for x, m, s in there[::-1]]
        xs += [*([None] if xs else []), *(rounded(x) for x, _ in around)]
        ys += [*([None] if ys else []), *(rounded(y) for _, y in around)]
    fill = {"fill": "toself", "fillcolor": f"{mark}/0.16", "line": {"width": 0}, "mode": "lines"}
    return [{"type": "scatter", "x": xs, "y": ys, "hoverinfo": "skip", **fill}]


def _stretches(line: Line) -> list[list[tuple[float, Statistic]]]:
    found: list[list[tuple[float, Statistic]]] = [[]]
    for x, point in zip(line.x, line.points, strict=True):
        if point is None:
            found.append([])
        else:
            found[-1].append((x, point))
    return [stretch for stretch in found if stretch]
