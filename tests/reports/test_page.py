"""Report pages: their numbers are the run's, their text is text, and what is missing is said."""

from __future__ import annotations

import base64
import gzip
import hashlib
import itertools
import json
import math
from html.parser import HTMLParser

import pytest

from tfticket.experiments.opening import open_run
from tfticket.experiments.reporting import write_report
from tfticket.reports.results import summarize

LIBRARY = "window.Plotly = {};"


class Parsed(HTMLParser):
    """A page taken into its parts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.headings, self.tables, self.scripts = [], [], [], []
        self.said, self._open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append([int(tag[1]), ""])
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        inside = self._open[-1] if self._open else ""
        if inside == "script":
            self.scripts[-1] += data
        elif inside != "style":
            self.said.append(data)
        if inside in ("h1", "h2", "h3", "h4"):
            self.headings[-1][1] += data
        if inside in ("td", "th"):
            self.tables[-1][-1][-1] += data.replace("\xa0", " ")

    def table(self, *header):
        """The rows of the first table whose header begins so."""
        return next(t[1:] for t in self.tables if tuple(t[0][: len(header)]) == header)

    @property
    def text(self):
        return " ".join(self.said)

    @property
    def figures(self):
        return [json.loads(s) for s in self.scripts if s.startswith('{"data":')]


@pytest.fixture
def page(tmp_path, monkeypatch):
    """Writes runs as a page, with a stand-in for plotly.js, and takes it into its parts."""
    monkeypatch.setattr("tfticket.experiments.reporting.plotting_script", lambda: LIBRARY)

    def write(*roots, **options):
        write_report(roots, tmp_path / "page.html", **options)
        return Parsed((tmp_path / "page.html").read_text(encoding="utf-8"))

    return write


def test_numbers_in_the_tables_are_those_of_the_run(page, written_run):
    root = written_run(rounds=3)
    shown = page(root).table("network", "level", "sparsity", "kept", "n", "test accuracy")
    expected = [
        [
            *(s.arm, str(s.round), f"{s.sparsity:.4f}", f"{s.num_kept:,}", str(s.num_replicates)),
            s.statistics["test_accuracy"].text(),
        ]
        for s in summarize(open_run(root).results)
    ]
    assert shown == expected
    assert len(shown) == 5


def test_differences_are_paired_by_seed_and_have_intervals(page, written_run):
    found = page(written_run())
    (row,) = [
        r
        for r in found.table(
            "network", "level", "sparsity", "kept", "n", "test accuracy", "minus dense"
        )
        if r[0] == "reinitialize"
    ]
    assert row[-2:] == ["-0.4000 [-0.4000, -0.4000]", "-0.2000 [-0.2000, -0.2000]"]


def test_lines_have_bands_and_controls_stand_beside_them(page, written_run):
    figure = page(written_run()).figures[0]
    assert [entry["name"] for entry in figure["legend"]] == ["ticket", "reinitialize", "dense"]
    ticket = figure["data"][figure["legend"][0]["traces"][-1]]
    assert ticket["x"] == [0.5, 0.25]
    assert ticket["y"] == pytest.approx([0.795, 0.695])
    band = figure["data"][figure["legend"][0]["traces"][0]]
    assert band["fill"] == "toself"
    assert band["y"][0] - ticket["y"][0] == pytest.approx(0.01 / math.sqrt(2), rel=1e-3)
    (control,) = [t for t in figure["data"] if t.get("name") == "reinitialize"]
    assert control["error_y"]["array"] == pytest.approx([0.01 / math.sqrt(2)], rel=1e-3)


def test_layers_and_distances_are_those_of_the_masks(page, written_run):
    found = page(written_run())
    assert found.table("weight", "shape") == [
        ["layer_0/kernel", "8×8", "0.5000 ± 0.0000", "0.7500 ± 0.0000"],
        ["layer_1/kernel", "8×8", "0.5000 ± 0.0000", "0.7500 ± 0.0000"],
    ]
    assert found.table("level", "later level") == [
        ["0", "1", "0.5000 ± 0.0000", "2"],
        ["0", "2", "0.7500 ± 0.0000", "2"],
        ["1", "2", "0.2500 ± 0.0000", "2"],
    ]


def test_curves_and_files_have_their_numbers(page, written_run):
    found = page(written_run())
    curve = found.table("step", "dense", "ticket, level 1", "ticket, level 2")
    assert [row[0] for row in curve] == ["1", "2"]
    assert curve[1][1] == "0.8950 ± 0.0071"
    assert found.table("file", "bytes") == [
        ["model.tflite", "900", "500", "1,800"],
        ["ticket", "100", "", ""],
    ]
    assert "tfticket bench" in found.text


def test_provenance_names_command_seeds_and_versions(page, written_run):
    root = written_run(notes=["a split of its own"])
    text = page(root).text
    assert f"--replicates 2 --model lenet_300_100 --data digits --out {root}" in text
    assert "replicate 0: 0, replicate 1: 1" in text
    assert "numpy" in text and "a split of its own" in text


def test_several_runs_are_compared_and_each_has_a_section(page, written_run):
    roots = [written_run(n, rounds=r, settings={"seed": r}) for n, r in (("a", 1), ("b", 2))]
    found = page(*roots)
    titles = [text for level, text in found.headings if level == 2]
    assert titles == ["Overview", "Comparison", "lottery_ticket seed=1", "lottery_ticket seed=2"]
    assert found.table("run", "difference")[0][:2] == ["lottery_ticket seed=1", "minus dense"]
    assert found.table("run", "network", "data")[1][3:6] == ["finished", "2", "8"]


def test_it_is_accessible(page, written_run):
    found = page(written_run("a"), written_run("b", settings={"seed": 3}))
    assert found.tags[0] == ("html", {"lang": "en"})
    levels = [level for level, _ in found.headings]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    ids = [a["id"] for _, a in found.tags if "id" in a]
    assert len(ids) == len(set(ids))
    plots = [a for _, a in found.tags if a.get("class") == "plot"]
    assert plots and len(plots) == len(found.figures)
    for plot in plots:
        assert plot["role"] == "img"
        assert {plot["aria-labelledby"], plot["aria-describedby"]} <= set(ids)
    assert sum(tag == "details" for tag, _ in found.tags) == len(plots)
    assert all(cell for table in found.tables for cell in table[0])


def test_text_of_a_run_is_only_text(page, written_run):
    bad = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&</script>"
    named = {"layer": bad, "notes": [bad], "settings": {"model": bad}}
    plain = {"layer": "a", "notes": ["a"], "settings": {"model": "a"}}
    found = page(written_run("<script>alert(3)", **named))
    assert [tag for tag, _ in found.tags] == [tag for tag, _ in page(written_run(**plain)).tags]
    assert bad in found.text
    names = [n for f in found.figures for n in f["layout"]["yaxis"].get("ticktext", [])]
    assert not any("<" in name for name in names)
    assert any("&lt;script&gt;" in name for name in names)


def test_nothing_is_fetched_and_only_its_own_scripts_may_run(page, written_run, tmp_path):
    found = page(written_run())
    links = [v for _, a in found.tags for n, v in a.items() if n in ("src", "href")]
    assert all(link.startswith("#") for link in links)
    (policy,) = [a["content"] for t, a in found.tags if t == "meta" and "http-equiv" in a]
    assert policy.startswith("default-src 'none';")
    packed, own = found.scripts[-2:]
    assert gzip.decompress(base64.b64decode(packed)).decode() == LIBRARY
    for script in (LIBRARY, own):
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    first = (tmp_path / "page.html").read_bytes()
    page(tmp_path / "run")
    assert (tmp_path / "page.html").read_bytes() == first


def test_what_is_not_finite_is_a_gap_and_is_said(page, written_run):
    def spoiled(value, replicate, round_, arm):
        return None if (round_, arm) == (2, "ticket") else value

    found = page(written_run(rounds=3, value=spoiled, curve=0))
    ticket = next(t for t in found.figures[0]["data"] if t.get("name") == "ticket")
    assert ticket["y"] == [pytest.approx(0.795), None, pytest.approx(0.595)]
    (row,) = [r for r in found.table("network", "level") if r[:2] == ["ticket", "2"]]
    assert row[-1] == "not finite"
    assert "setting eval_every" in found.text


def test_a_loss_is_said_to_be_better_when_lower(page, written_run):
    figure = page(written_run(metrics=["loss"])).figures[0]
    assert figure["layout"]["yaxis"]["title"]["text"] == "test loss (lower is better)"


def test_one_level_is_a_row_of_dots(page, written_run):
    found = page(written_run(rounds=1))
    figure = found.figures[0]
    assert figure["layout"]["yaxis"]["ticktext"] == ["dense", "ticket", "reinitialize"]
    assert [t["x"][0] for t in figure["data"]] == pytest.approx([0.895, 0.795, 0.595])
    assert "their masks differ at a fraction of 0.5000 ± 0.0000" in found.text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"replicates": 1}, "One replicate: no spread is known."),
        ({"controls": []}, "No control was trained"),
        ({"finished": False}, "Networks trained so far: 8; replicates: 2 of 2."),
        ({"rounds": 0, "finished": False}, "No level is pruned yet."),
        ({"replicates": 0, "finished": False}, "No network of this run is trained yet."),
        ({"metrics": [], "curve": 0, "finished": False}, "were measured by nothing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_missing_is_said(page, written_run, options, said):
    assert said in page(written_run(**options)).text


def test_a_run_without_a_network_is_left_out_of_the_comparison(page, written_run):
    empty = written_run("empty", replicates=0, finished=False, settings={"seed": 5})
    found = page(written_run("a"), written_run("b", settings={"seed": 3}), empty)
    assert "lottery_ticket seed=5 has no trained network yet." in found.text


def test_thirty_layers_have_a_row_each(page, written_run):
    found = page(written_run(layers=30))
    (figure,) = [f for f in found.figures if len(f["layout"]["yaxis"].get("ticktext", [])) == 30]
    assert figure["layout"]["height"] >= 30 * 20
    assert len(found.table("weight", "shape")) == 30


def test_many_levels_show_few_curves_and_name_the_others(page, written_run):
    found = page(written_run(rounds=6, replicates=1))
    figure = next(f for f in found.figures if "step" in f["layout"]["xaxis"]["title"]["text"])
    shown = [entry["name"] for entry in figure["legend"] if entry["shown"]]
    assert len(figure["legend"]) == 8 and len(shown) < 7
    assert "dense" in shown and "ticket, level 6" in shown
    assert "are drawn when pressed" in found.text


def test_a_metric_of_ones_choice_is_shown_and_a_wrong_one_named(page, written_run):
    root = written_run(metrics=["accuracy", "loss"])
    found = page(root, metric="validation_loss")
    assert found.table("network", "level", "sparsity", "kept", "n", "validation loss")
    with pytest.raises(ValueError, match=r"`metric` must be one of .* Received: metric='speed'"):
        page(root, metric="speed")


def test_every_figure_is_one_of_plotly(page, written_run):
    objects = pytest.importorskip("plotly.graph_objects")
    found = page(written_run("a", layers=30), written_run("b", rounds=1, settings={"seed": 3}))

    def colored(value):
        if isinstance(value, dict):
            return {n: colored(v) for n, v in value.items()}
        if isinstance(value, list):
            return [colored(v) for v in value]
        return "#123456" if isinstance(value, str) and value.startswith("--") else value

    kinds = {t["type"] for f in found.figures for t in f["data"]}
    assert kinds == {"scatter", "heatmap", "bar"}
    for figure in found.figures:
        objects.Figure(colored(figure["data"]), colored(figure["layout"]))
