import pytest

from tfticket.collapse import CollapseCurve
from tfticket.reports.collapse import CollapseComparison, plot_collapse, ratio_text


@pytest.fixture
def curves():
    """Two scores on three layers, of which magnitude empties the second at compression 3."""
    sizes = {"first/kernel": 200, "second/kernel": 400, "third/kernel": 100}
    emptied = {"first/kernel": 140, "second/kernel": 0, "third/kernel": 93}
    spread = {"first/kernel": 70, "second/kernel": 130, "third/kernel": 33}
    return [
        CollapseCurve("magnitude", 1, sizes, (1.0, 3.0), (sizes, emptied), (True, False)),
        CollapseCurve("random", 2, sizes, (1.0, 3.0), (sizes, spread), (True, True)),
    ]


def test_a_picture_has_a_panel_for_each_score(curves, tmp_path):
    figure = plot_collapse(curves, "a small net")
    assert [a.get_title() for a in figure.axes] == [
        "magnitude, 1 round\ncritical 1",
        "random, 2 rounds\nno collapse",
    ]
    figure.savefig(tmp_path / "collapse.png")


def test_the_legend_names_the_layers(curves):
    (legend,) = plot_collapse(curves, "a small net").legends
    names = ["first/kernel", "second/kernel", "third/kernel", "first collapse"]
    assert [t.get_text() for t in legend.get_texts()] == names
    shown = [h.get_color() for h in legend.get_lines()[:3]]
    assert shown == [line.get_color() for line in plot_collapse(curves).axes[0].lines[:3]]


def test_of_many_layers_some_are_named_and_panels_stand_in_rows():
    sizes = {f"layer_{i}/kernel": 100 for i in range(40)}
    curve = CollapseCurve("random", 1, sizes, (1.0,), (sizes,), (True,))
    figure = plot_collapse([curve] * 5)
    names = [t.get_text() for t in figure.legends[0].get_texts()]
    assert len(names) == 13
    assert (names[0], names[-2]) == ("layer_0/kernel", "layer_39/kernel")
    assert [a.get_visible() for a in figure.axes] == [*[True] * 5, False]
    labelled = [bool(a.get_xlabel()) for a in figure.axes[:5]]
    assert labelled == [False, False, True, True, True]


def test_ratios_have_no_powers_of_ten(curves):
    assert [ratio_text(r, "none") for r in (1.0, 31.6228, 1e4, None)] == [
        *("1", "31.62", "10,000", "none")
    ]


def test_no_curves_are_refused():
    with pytest.raises(ValueError, match="at least one curve"):
        plot_collapse([])


def test_a_comparison_is_a_line_for_each_score_and_plain_values(curves):
    comparison = CollapseComparison("small", 0, tuple(curves), ("made up",))
    lines = str(comparison).splitlines()
    assert lines[0] == "small, seed 0: compression ratios up to 233, maximal"
    assert lines[3].split() == ["magnitude", "1", "1", "3", "3", "second/kernel"]
    assert lines[4].split() == ["random", "2", "3", "no", "collapse", "never", "-"]
    assert lines[-1] == "Note: made up."
    found = comparison.to_dict()
    assert (found["model"], found["seed"], found["notes"]) == ("small", 0, ["made up"])
    assert [row["score"] for row in found["scores"]] == ["magnitude", "random"]
    assert len(found["kept"]) == 12
