"""`tfticket report` on real runs of either Keras."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from tfticket.cli.app import app
from tfticket.experiments.opening import open_run

FIND = ["find", "lottery_ticket", "--model", "lenet_300_100", "--data", "digits"]
QUICK = ["--sparsity", "0.5", "--pruning-rate", "0.5", "--num-steps", "4", "--eval-every", "2"]


def invoke(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture(scope="module", params=["keras", "tf_keras"])
def found(request, tmp_path_factory):
    root = tmp_path_factory.mktemp("runs") / "first"
    steps = ["--steps-per-execution", "1", "--keras", request.param, "--export", "none"]
    done = invoke(*FIND, *QUICK, *steps, "--out", root)
    assert done.exit_code == 0, done.output
    return root


@pytest.fixture(autouse=True)
def stand_in(monkeypatch):
    """Where plotly is missing, a page is written all the same, and draws nothing."""
    try:
        import plotly  # noqa: F401
    except ImportError:
        library = "tfticket.experiments.reporting.plotting_script"
        monkeypatch.setattr(library, lambda: "window.Plotly = {};")


def test_a_page_is_written_and_says_its_bytes(found, tmp_path):
    out = tmp_path / "new folder" / "report.html"
    done = invoke("report", found, "--out", out, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {
        "path": str(out),
        "num_bytes": out.stat().st_size,
        "runs": {"lottery_ticket": "finished"},
    }
    text = out.read_text(encoding="utf-8")
    ticket = open_run(found).results[1]
    assert f"{ticket.metrics['test_accuracy']:.4f}" in text
    assert "4 steps of 60 examples, measured every 2 steps" in text
    assert "early-stop step" in text and "Training curves" in text
    assert [p.name for p in out.parent.iterdir()] == ["report.html"]


def test_a_page_is_written_again_and_a_file_of_others_is_kept(found, tmp_path):
    out = tmp_path / "report.html"
    assert invoke("report", found, "--out", out).exit_code == 0
    first = out.read_bytes()
    assert "1 run; " in invoke("report", found, "--out", out).stdout
    assert out.read_bytes() == first
    out.write_text("my own page")
    done = invoke("report", found, "--out", out)
    assert done.exit_code == 1
    assert "must be free, or written by tfticket" in done.stderr
    assert out.read_text() == "my own page"
    assert invoke("report", found, "--out", out, "--overwrite").exit_code == 0
    assert out.read_bytes() == first


def test_a_wrong_path_has_the_usual_sentences(tmp_path):
    done = invoke("report", tmp_path, "--out", tmp_path / "report.html")
    assert done.exit_code == 1
    assert "must be a run folder, or hold some" in done.stderr
    assert invoke("report", tmp_path / "nowhere", "--out", tmp_path / "a.html").exit_code == 2
    done = invoke("report", tmp_path, "--out", tmp_path)
    assert "a file cannot take the place of a folder" in done.stderr


def test_a_damaged_run_is_named_and_the_page_stays(found, tmp_path):
    import shutil

    copy, out = tmp_path / "copy", tmp_path / "report.html"
    shutil.copytree(found, copy)
    assert invoke("report", copy, "--out", out).exit_code == 0
    before = out.read_bytes()
    record = copy / "replicate_0" / "level_01" / "metrics.json"
    record.write_text(record.read_text().replace('"round": 1', '"round": 2'))
    done = invoke("report", copy, "--out", out)
    assert done.exit_code == 1
    assert "level_01/metrics.json is damaged" in done.stderr.replace("\n", " ")
    assert "--repair" in done.stderr
    assert out.read_bytes() == before


@pytest.mark.parametrize("rest", [["--help"], []], ids=["help", "a run"])
def test_it_does_without_tensorflow(found, tmp_path, rest):
    words = ["report", *(rest or [str(found), "--out", str(tmp_path / "report.html")])]
    code = (
        "import sys\nfrom tfticket.experiments import reporting\n"
        "reporting.plotting_script = lambda: ''\n"
        f"from tfticket.cli.app import app\napp({words!r}, standalone_mode=False)\n"
        "assert not {'tensorflow', 'keras', 'tf_keras'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_without_plotly_it_says_what_to_install(found, tmp_path):
    code = (
        "import sys\nsys.modules['plotly'] = sys.modules['plotly.offline'] = None\n"
        "from tfticket.cli.app import app\n"
        f"app(['report', {str(found)!r}, '--out', {str(tmp_path / 'a.html')!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "tfticket[report]" in done.stderr.replace("\n", " ")
    assert not (tmp_path / "a.html").exists()
