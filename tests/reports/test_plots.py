from __future__ import annotations

import subprocess
import sys

import pytest

from tfticket.errors import MissingDependencyError
from tfticket.reports import Result, plots

pytest.importorskip("matplotlib")


def results(num_replicates):
    found = []
    for replicate in range(num_replicates):
        for round_ in range(3):
            arm = "ticket" if round_ else "dense"
            accuracy = 0.9 - 0.1 * round_ + 0.01 * replicate
            metrics = {"test_accuracy": accuracy}
            kept = 100 // 2**round_
            found.append(Result(replicate, round_, arm, 0, 1 - kept / 100, kept, 100, metrics))
        metrics = {"test_accuracy": 0.5}
        found.append(Result(replicate, 2, "reinitialize", 0, 0.75, 25, 100, metrics))
    return found


def legend(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_every_arm_says_how_many_replicates():
    figure = plots.plot_against_sparsity(results(3))
    assert legend(figure) == ["dense (n = 3)", "ticket (n = 3)", "reinitialize (n = 3)"]


def test_bands_are_one_standard_deviation():
    axes = plots.plot_against_sparsity(results(2)).axes[0]
    band = axes.collections[0].get_paths()[0].vertices
    assert band[:, 1].max() == pytest.approx(0.805 + 0.00707, abs=1e-4)


def test_a_single_replicate_has_no_band():
    axes = plots.plot_against_sparsity(results(1)).axes[0]
    band = axes.collections[0].get_paths()[0].vertices
    assert set(band[:, 1].round(6)) == {0.8, 0.7}


def test_sparsity_is_written_on_the_axis_and_rises_to_the_right():
    axes = plots.plot_against_sparsity(results(1)).axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["0", "0.5", "0.75"]
    assert axes.get_xlim()[0] > axes.get_xlim()[1]  # density falls


def test_an_unknown_metric_is_refused():
    with pytest.raises(ValueError, match="`metric` must be in the results"):
        plots.plot_against_sparsity(results(1), "f1")


def test_the_same_figure_gives_the_same_file(tmp_path):
    for name in ("a.png", "b.png"):
        plots.save(plots.plot_against_sparsity(results(2)), tmp_path / name)
    first, second = ((tmp_path / name).read_bytes() for name in ("a.png", "b.png"))
    assert first == second
    assert first.startswith(b"\x89PNG")


def test_plotting_leaves_the_global_state_of_matplotlib_alone():
    code = (
        "import sys; from tfticket.reports import Result, plots;"
        "r = Result(0, 0, 'dense', 0, 0.0, 1, 1, {'test_accuracy': 0.5});"
        "plots.plot_against_sparsity([r]); assert 'matplotlib.pyplot' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_matplotlib_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingDependencyError, match=r"tfticket\[plots\]"):
        plots.plot_against_sparsity(results(1))
