import pytest

from tfticket.collapse import CollapseCurve
from tfticket.reports.collapse import CollapseComparison, plot_collapse


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
