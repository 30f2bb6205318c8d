from __future__ import annotations

import pytest

pytest.importorskip("matplotlib")

from tfticket.reports.bars import Bar, draw_bars
from tfticket.reports.plots import new_figure


def test_a_value_stands_behind_its_bar_and_its_error_bar_inside_the_picture():
    figure = new_figure((6, 3))
    axes = figure.subplots()
    draw_bars(axes, [Bar("a", 2.0, "2.00", below=1.0, above=0.5), Bar("b", -1.0, "-1.00")])
    figure.canvas.draw()
    inside = axes.get_window_extent()
    first, second = (t.get_window_extent() for t in axes.texts)
    assert axes.texts[0].get_position()[0] > 2.5
    assert axes.texts[1].get_position()[0] > 0.0
    assert inside.x0 < second.x0 and first.x1 < inside.x1
    assert axes.get_xlim()[0] < -1.0


def test_ticks_end_where_bars_do():
    axes = new_figure((6, 3)).subplots()
    draw_bars(axes, [Bar("a", 0.96, "0.9600"), Bar("b", None, "not finite")])
    assert axes.get_xticks()[-1] == pytest.approx(1.0)
    assert len(axes.patches) == 1
