from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from tfticket.reports.channels import plot_mask_distances, plot_scales


def test_the_matrix_is_drawn_with_its_steps_and_where_the_ticket_emerged():
    distances = np.array([[0, 0.4, 0.5], [0.4, 0, 0.1], [0.5, 0.1, 0]])
    axes = plot_mask_distances(distances, [10, 20, 30], found_at=20).axes[0]
    np.testing.assert_array_equal(axes.images[0].get_array(), distances)
    assert [t.get_text() for t in axes.get_xticklabels()] == ["10", "20", "30"]
    assert [line.get_xdata()[0] for line in axes.lines] == [1, 0]


def test_a_matrix_that_does_not_fit_its_steps_is_refused():
    with pytest.raises(ValueError, match="a row and a column"):
        plot_mask_distances(np.zeros((2, 2)), [1])
    with pytest.raises(ValueError, match="at least one"):
        plot_mask_distances(np.zeros((0, 0)), [])


def test_every_training_has_a_histogram_of_all_its_scales():
    scales = {"plain": {"a": np.ones(3), "b": -np.ones(2)}, "penalised": {"a": np.zeros(3)}}
    axes = plot_scales(scales).axes[0]
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["plain (5)", "penalised (3)"]
    assert axes.patches[0].get_xy()[:, 1].max() == 5
    with pytest.raises(ValueError, match="at least one array"):
        plot_scales({})
