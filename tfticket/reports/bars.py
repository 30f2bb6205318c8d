"""Bars with their values beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Bar", "draw_bars"]

#: Of the width that bars take: how far from a bar its value is, and how much room it gets.
_GAP, _ROOM = 0.015, 0.34


@dataclass(frozen=True)
class Bar:
    """One bar.

    Args:
        name: written before it.
        value: its length; `None` for no bar.
        text: written behind it.
        color: of matplotlib.
        below: how far its error bar reaches towards lower values.
        above: the same towards higher ones.
    """

    name: str
    value: float | None
    text: str
    color: str = "C0"
    below: float = 0.0
    above: float = 0.0


def draw_bars(axes: Any, bars: Sequence[Bar]) -> None:
    """Draws bars from 0 on, the first at the top, each with its value where nothing hides it.

    Args:
        axes: of a matplotlib figure.
        bars: at least one.
    """
    ends, low = [], 0.0
    for place, bar in enumerate(bars):
        value = 0.0 if bar.value is None else bar.value
        ends.append(max(value + bar.above, 0.0))
        low = min(low, value - bar.below)
        if bar.value is None:
            continue
        axes.barh([place], [value], height=0.62, color=bar.color)
        if bar.below or bar.above:
            error = {"xerr": [[bar.below], [bar.above]], "ecolor": "0.25", "capsize": 3}
            axes.errorbar([value], [place], fmt="none", **error)
    room = (max(ends) - low) or 1.0
    for place, (bar, end) in enumerate(zip(bars, ends, strict=True)):
        axes.text(end + _GAP * room, place, bar.text, va="center", fontsize=9)
    axes.set_xlim(low - 0.05 * room if low else 0.0, max(ends) + _ROOM * room)
    ticks = axes.get_xticks()
    first_beyond = next((t for t in ticks if t >= max(ends)), max(ticks))
    axes.set_xticks([t for t in ticks if low - 0.05 * room <= t <= first_beyond])
    axes.set_yticks(range(len(bars)), labels=[bar.name for bar in bars])
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.axvline(0, color="0.2", linewidth=0.8)
