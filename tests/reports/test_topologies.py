import numpy as np
import pytest

from tfticket.reports import plot_network, plots
from tfticket.weight_agnostic import Champion

pytest.importorskip("matplotlib")

#: Bias 0, inputs 1 and 2, outputs 3 and 4, hidden 5 (tanh) and 6 (sine) above it.
SMALL = Champion(2, 2, [1, 2, 5, 6, 0], [5, 5, 6, 3, 4], ["tanh", "sine"])


def test_every_connection_is_a_line_from_left_to_right():
    axes = plot_network(SMALL, "small").axes[0]
    lines = [line.get_xdata() for line in axes.get_lines()]
    assert len(lines) == 5
    assert all(start < end for start, end in lines)
    assert axes.get_title() == "small"


def test_nodes_are_coloured_by_what_they_compute():
    axes = plot_network(SMALL).axes[0]
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["sine", "tanh"]
    assert axes.get_title() == "5 connections, 2 hidden nodes on 2 levels"


def test_pixels_are_drawn_as_an_image(tmp_path):
    champion = Champion(64, 10, [1, 1, 64], [65, 66, 70], [])
    figure = plot_network(champion)
    pixels = figure.axes[0].collections[0]
    assert len(pixels.get_offsets()) == 65
    grey = pixels.get_facecolors()[:, 0]
    assert grey[1] < grey[64] < grey[2]
    plots.save(figure, tmp_path / "network.png")
    assert (tmp_path / "network.png").stat().st_size > 1000
    assert np.ptp(pixels.get_offsets()[1:, 0]) < 0.25
