from __future__ import annotations

import math
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


def test_a_figure_is_shown_by_notebooks_before_anything_is_drawn_with_pyplot():
    formatters = pytest.importorskip("IPython.core.interactiveshell").InteractiveShell()
    figure = plots.plot_against_sparsity(results(1))
    shown, _ = formatters.display_formatter.format(figure)
    assert shown["image/png"].startswith(b"\x89PNG")


def legend(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_every_arm_says_how_many_replicates():
    figure = plots.plot_against_sparsity(results(3))
    assert legend(figure) == ["dense (n = 3)", "ticket (n = 3)", "reinitialize (n = 3)"]


def test_bands_are_one_standard_deviation():
    axes = plots.plot_against_sparsity(results(2)).axes[0]
    band = axes.collections[0].get_paths()[0].vertices
    assert band[:, 1].max() == pytest.approx(0.805 + 0.00707, abs=1e-4)


def test_a_single_replicate_has_no_band_and_no_standard_deviation():
    figure = plots.plot_against_sparsity(results(1))
    axes = figure.axes[0]
    assert not axes.collections and not axes.containers[0].has_yerr
    assert axes.get_ylabel() == "test accuracy"
    assert plots.plot_against_sparsity(results(3)).axes[0].get_ylabel() == (
        "test accuracy, mean ± sd of 3 replicates"
    )


def test_sparsity_is_written_on_the_axis_and_rises_to_the_right():
    axes = plots.plot_against_sparsity(results(1)).axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["0", "0.5", "0.75"]
    assert axes.get_xlim()[0] > axes.get_xlim()[1]  # density falls


def one_level(num_replicates):
    return [r for r in results(num_replicates) if r.round != 1]


def test_no_marker_is_cut_off():
    for found in (results(2), results(1)):
        axes = plots.plot_against_sparsity(found).axes[0]
        low, high = sorted(axes.get_xlim())
        points = [x for line in axes.lines[1:] for x in line.get_xdata()]
        points += [line.get_xdata()[0] for c in axes.containers for line in c.lines[:1]]
        width = math.log(high / low)
        assert all(math.log(x / low) > 0.02 * width for x in points)
        assert all(math.log(high / x) > 0.02 * width for x in points)


def test_a_single_level_is_bars_with_their_values():
    axes = plots.plot_against_sparsity(one_level(1), title="small on digits, snip").axes[0]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["dense", "ticket", "reinitialize"]
    assert [p.get_width() for p in axes.patches] == pytest.approx([0.9, 0.7, 0.5])
    assert [t.get_text() for t in axes.texts] == ["0.9000", "0.7000", "0.5000"]
    assert axes.get_title() == "small on digits, snip\nat sparsity 0.75"
    assert axes.get_xlabel() == "test accuracy"
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # dense at the top


def test_bars_of_several_replicates_have_their_spread():
    axes = plots.plot_against_sparsity(one_level(2)).axes[0]
    assert [t.get_text() for t in axes.texts] == [
        *("0.9050 ± 0.0071", "0.7050 ± 0.0071", "0.5000 ± 0.0000")
    ]
    assert axes.get_xlabel() == "test accuracy, mean ± sd of 2 replicates"
    assert len(axes.containers) == 3 + 2  # nothing spreads in the last


def test_what_is_not_finite_has_no_bar_and_is_told():
    odd = Result(0, 2, "shuffle_mask", 0, 0.75, 25, 100, {"test_accuracy": None})
    axes = plots.plot_against_sparsity([*one_level(1), odd]).axes[0]
    assert axes.texts[-1].get_text() == "not finite"
    assert len(axes.patches) == 3


def test_a_title_has_the_last_parts_of_paths_and_is_broken_where_it_is_long():
    title = plots.title_of("/a/b/net.py:make", "tfds:" + "very_" * 12 + "long", "a.b:Mine")
    assert title.startswith("net.py:make on tfds:very_")
    lines = plots.plot_against_sparsity(results(1), title=title).axes[0].get_title().splitlines()
    assert len(lines) == 2 and max(map(len, lines)) < 75


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
        "sys.modules.pop('matplotlib.pyplot', None);"  # TensorFlow 2.18 brings it, with Keras 3.8
        "plots.plot_against_sparsity([r]); assert 'matplotlib.pyplot' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_matplotlib_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingDependencyError, match=r"tfticket\[plots\]"):
        plots.plot_against_sparsity(results(1))
