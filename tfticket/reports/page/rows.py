"""Rows with a name each, for the page's script: dots, bars and maps, in the terms of plotly.js."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tfticket.reports.page.drawing import NUM_SHADES, SYMBOLS, Line, colour, rounded, said

__all__ = ["bars", "dots", "heat_map"]

#: Characters of a name beside an axis, and on a narrow screen.
_NAME_WIDTH, _NARROW_WIDTH = 40, 20
#: Columns of a map up to which its values are written in it.
_MAX_WRITTEN = 8


def dots(
    given: Sequence[Line], names: Sequence[str], x_title: str, zero: bool = False
) -> dict[str, Any]:
    """Draws a row for each name, with a dot and its spread; the first name is at the top.

    Args:
        given: lines whose `x` are numbers of rows from 0, and whose points lie along the other
            axis; the spread is that of the points.
        names: of the rows.
        x_title: what stands at the axis of values.
        zero: whether a line is drawn at 0.
    """
    data, legend = [], []
    for line in given:
        mark, symbol = line.color or colour(line.number), SYMBOLS[line.number % len(SYMBOLS)]
        spread = [0 if p is None else rounded(p.sd or 0.0) for p in line.points]
        trace = {
            "type": "scatter",
            "mode": "markers",
            "name": said(line.name),
            "x": [None if p is None else rounded(p.mean) for p in line.points],
            "y": [rounded(x) for x in line.x],
            "text": list(line.texts),
            "hovertemplate": "%{text}<extra></extra>",
            "marker": {"color": mark, "size": 9, "symbol": symbol},
        }
        if any(spread):
            trace["error_x"] = {"type": "data", "array": spread, "color": mark, "thickness": 1.5}
        legend.append(
            {"name": line.name, "color": mark, "traces": [len(data)], "shown": True}
            | {"dash": "", "symbol": symbol}
        )
        data.append(trace)
    layout = {
        "xaxis": {
            "title": {"text": said(x_title)},
            "zeroline": zero,
            **({"rangemode": "tozero"} if zero else {}),
        },
        "yaxis": _names_axis(names),
        "height": 96 + 30 * len(names),
    }
    legend = legend if len(legend) > 1 else []
    return {"data": data, "layout": layout, "legend": legend, "narrow": _narrow(names)}


def heat_map(
    values: Sequence[Sequence[float | None]],
    texts: Sequence[Sequence[str]],
    x_names: Sequence[str],
    y_names: Sequence[str],
    x_title: str,
    most: float = 1.0,
) -> dict[str, Any]:
    """Draws a map of values from 0; the first row is at the top.

    Args:
        values: a row for each of `y_names`; `None` leaves a hole.
        texts: what is said where the pointer is, as many.
        x_names: of the columns.
        y_names: of the rows.
        x_title: what the columns are.
        most: the value of the strongest shade.
    """
    trace: dict[str, Any] = {
        "type": "heatmap",
        "z": [[rounded(v) for v in row] for row in values],
        "text": [list(row) for row in texts],
        "hovertemplate": "%{text}<extra></extra>",
        "colorscale": [[n / (NUM_SHADES - 1), f"--h{n}"] for n in range(NUM_SHADES)],
        "zmin": 0,
        "zmax": most,
        "xgap": 2,
        "ygap": 2,
        "showscale": False,
    }
    if len(x_names) <= _MAX_WRITTEN:
        trace |= {"texttemplate": "%{z:.3f}", "textfont": {"size": 11}}
    columns = {"tickvals": list(range(len(x_names))), "ticktext": [said(n) for n in x_names]}
    if len(x_names) > _MAX_WRITTEN:
        step = -(-len(x_names) // _MAX_WRITTEN)
        columns = {name: found[::step] for name, found in columns.items()}
    layout = {
        "xaxis": {**columns, "title": {"text": said(x_title)}, "showgrid": False},
        "yaxis": {**_names_axis(y_names), "showgrid": False},
        "height": 84 + (26 if len(y_names) <= 12 else 20) * len(y_names),
    }
    return {"data": [trace], "layout": layout, "legend": [], "narrow": _narrow(y_names)}


def _narrow(names: Sequence[str]) -> list[str]:
    return [said(name, _NARROW_WIDTH) for name in names]


def _names_axis(names: Sequence[str]) -> dict[str, Any]:
    return {
        "tickvals": list(range(len(names))),
        "ticktext": [said(name, _NAME_WIDTH) for name in names],
        "range": [len(names) - 0.5, -0.5],
        "zeroline": False,
    }


def bars(
    values: Mapping[str, Sequence[float | None]], names: Sequence[str], x_title: str
) -> dict[str, Any]:
    """Draws a row for each name, with a bar of each kind, from 0.

    Args:
        values: by kind, one for each of `names`; `None` leaves a bar out.
        names: of the rows.
        x_title: what stands at the axis of values.
    """
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "name": said(kind),
            "x": [rounded(v) for v in found],
            "y": list(range(len(names))),
            "text": [
                "" if v is None else f"<b>{said(n)}</b><br>{said(kind)}: {v:,.0f}"
                for n, v in zip(names, found, strict=True)
            ],
            "hovertemplate": "%{text}<extra></extra>",
            "textposition": "none",
            "marker": {"color": colour(number)},
        }
        for number, (kind, found) in enumerate(values.items())
    ]
    legend = [
        {"name": kind, "color": colour(number), "traces": [number], "shown": True}
        | {"dash": "", "symbol": "square"}
        for number, kind in enumerate(values)
    ]
    layout = {
        "xaxis": {"title": {"text": said(x_title)}, "rangemode": "tozero"},
        "yaxis": _names_axis(names),
        "height": 96 + 46 * len(names),
        "barmode": "group",
        "bargap": 0.35,
    }
    return {"data": data, "layout": layout, "legend": legend, "narrow": _narrow(names)}
