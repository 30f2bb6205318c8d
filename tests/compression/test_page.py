"""What a search has found, as an HTML page."""

import dataclasses
import json
import re

import pytest

from tfticket.compression.budget import Budget
from tfticket.compression.candidate import Candidate, Spread
from tfticket.compression.page import page_of
from tfticket.compression.result import Compressed, TestValues
from tfticket.compression.treatment import DENSE, Treatment
from tfticket.reports.page.contents import Missing, Plot, Table


def candidate(treatment, weights, metric, size, ms):
    latency = None if ms is None else Spread(0.9 * ms, ms, 1.2 * ms)
    path = f"files/{treatment.name}-{weights}.tflite"
    return Candidate(
        treatment, weights, path, "dense", metric, 0.9 - metric, size, size // 2, latency, 1000
    )


@pytest.fixture
def found():
    """Two types of the whole network, and one with channels removed, which is chosen."""
    files = (
        candidate(DENSE, "float32", 0.90, 40_000, 1.0),
        candidate(DENSE, "int8", 0.89, 12_000, 0.5),
        candidate(Treatment(channels=0.5), "int8", 0.895, 6_000, 0.2),
    )
    budget = Budget(max_drop=0.01, max_bytes=10_000, goal="latency")
    test = TestValues(0.88, 0.88, 0.87)
    return Compressed("accuracy", True, 0.9, budget, files, files[2], "here", test, ("<i>odd",))


def blocks(found, kind):
    (section,) = page_of(found, "Mine").sections
    return [block for block in section.blocks if isinstance(block, kind)]


def test_every_file_is_in_both_plots_and_tables(found):
    plots = blocks(found, Plot)
    assert [plot.title for plot in plots] == [
        "Accuracy against bytes",
        "Accuracy against milliseconds",
    ]
    for plot in plots:
        points = {t["name"]: t["x"] for t in plot.figure["data"]}
        assert len(points["float32"]) == 1 and len(points["int8"]) == 2
        assert points["chosen"] == [points["int8"][1]]
        assert len(plot.numbers.rows) == 3
    every, prices = blocks(found, Table)
    assert len(every.rows) == 3 and [row[-1] for row in every.rows] == ["*", "", "* chosen"]
    assert [row[0] for row in prices.rows] == [found.best.name, found.candidates[0].name]


def test_limits_are_drawn_where_they_are(found):
    by_bytes, by_time = blocks(found, Plot)
    lines = {t["name"]: (t["x"], t["y"]) for t in by_bytes.figure["data"]}
    assert lines["at most 10,000 bytes"][0] == [10_000, 10_000]
    (drop,) = (name for name in lines if name.startswith("a drop of 0.01"))
    assert lines[drop] == ([5_000, 48_000], [pytest.approx(0.89)] * 2)
    assert not any(t["name"].startswith("at most") for t in by_time.figure["data"])


def test_limits_are_seen_where_everything_is_one(found):
    alone = dataclasses.replace(found, candidates=found.candidates[2:])
    for figure in (plot.figure["data"] for plot in blocks(alone, Plot)):
        limits = [t for t in figure if t["name"].startswith(("at most", "a drop"))]
        assert limits and all(len(set(t["x"])) == 2 or len(set(t["y"])) == 2 for t in limits)


def test_gzipped_sizes_and_small_metrics_are_named_as_what_they_are(found):
    budget = Budget(max_drop=5e-6, max_bytes=10_000, size_of="gzip")
    files = tuple(dataclasses.replace(c, metric=2e-6, drop=1e-6) for c in found.candidates)
    small = dataclasses.replace(found, budget=budget, candidates=files, best=files[2], metric="mse")
    first = blocks(small, Plot)[0]
    assert first.title == "Mse against bytes, gzipped"
    assert "3,000 bytes, gzipped, mse 2e-06" in first.description
    assert blocks(small, Table)[1].header[1] == "gzipped bytes allowed"


def test_the_front_goes_down_in_steps(found):
    (front,) = (t for t in blocks(found, Plot)[0].figure["data"] if t["name"] == "front")
    assert front["x"] == [6_000, 40_000, 40_000]
    assert front["y"] == [pytest.approx(y) for y in (0.895, 0.895, 0.9)]


def test_files_that_were_not_timed_have_no_plot_against_time(found):
    files = tuple(dataclasses.replace(c, latency=None) for c in found.candidates)
    untimed = dataclasses.replace(found, candidates=files, best=files[2])
    assert len(blocks(untimed, Plot)) == 1
    assert "not every file was timed" in blocks(untimed, Missing)[0].reason.lower()


def test_a_page_is_written_whole_and_only_over_its_own(found, tmp_path):
    pytest.importorskip("plotly")
    path = found.write_report(tmp_path / "page.html", "Mine")
    text = path.read_text()
    assert "<title>Mine</title>" in text and "&lt;i&gt;odd" in text and "<i>odd" not in text
    assert found.headline().splitlines()[0] in text
    assert "The chosen file: channels -50% of bytes, int8, 6,000 bytes, accuracy 0.8950" in text
    drawn = re.findall(r'<script type="application/json">(.*?)</script>', text)
    assert len([json.loads(figure) for figure in drawn]) == 2
    found.write_report(path)
    (tmp_path / "letter.html").write_text("dear all")
    with pytest.raises(FileExistsError):
        found.write_report(tmp_path / "letter.html")
