"""The runs below a folder, each with how far it is."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tfticket.experiments.listing import listing
from tfticket.experiments.records import REPORT, SPEC, write_record
from tfticket.experiments.spec import Spec

SPECS = {n: Spec(model="lenet_300_100", data="digits", recipe=n) for n in ("snip", "synflow")}


@pytest.fixture
def runs(tmp_path):
    """A finished run, one under way, a damaged one and one of another version."""
    for name in ("a/done", "b", "damaged", "old"):
        (tmp_path / name).mkdir(parents=True)
        write_record(
            tmp_path / name / SPEC, SPECS["snip" if name == "a/done" else "synflow"].to_dict()
        )
    metrics = {"validation_accuracy": 0.5, "test_accuracy": 0.75, "test_loss": 1.0}
    write_record(tmp_path / "a/done" / REPORT, {"chosen": {"metrics": metrics}})
    for name in ("replicate_0/level_00", "controls/replicate_0/level_01/reshuffle"):
        (tmp_path / "b" / name).mkdir(parents=True)
        (tmp_path / "b" / name / "metrics.json").touch()
    text = (tmp_path / "damaged" / SPEC).read_text()
    (tmp_path / "damaged" / SPEC).write_text(text.replace("digits", "digitz"))
    (tmp_path / "old" / SPEC).write_text('{"format": "tfticket.run/2"}')
    return tmp_path


def test_every_run_is_listed_with_its_state(runs):
    found = listing(runs).runs
    assert [(r.path, r.state) for r in found] == [
        (str(runs / "a/done"), "finished"),
        (str(runs / "b"), "unfinished"),
        (str(runs / "damaged"), "damaged"),
        (str(runs / "old"), "other version"),
    ]
    assert (found[0].recipe, found[0].chosen) == ("snip", {"accuracy": 0.75})
    assert (found[1].recipe, found[1].num_networks) == ("synflow", 2)
    assert "a/done" in str(listing(runs))


def test_a_run_whose_settings_are_gone_is_listed_as_damaged(runs):
    (runs / "b" / "replicate_0" / "level_00" / "metrics.json").touch()
    (runs / "b" / SPEC).unlink()
    states = {r.path: r.state for r in listing(runs).runs}
    assert len(states) == 4
    assert states[str(runs / "b")] == "damaged"


def test_settings_of_other_programs_are_left_out(runs):
    before = listing(runs)
    (runs / "foreign").mkdir()
    (runs / "foreign" / SPEC).write_text('{"openapi": "3.1.0"}')
    assert listing(runs) == before


def test_a_folder_without_runs_says_so(tmp_path):
    assert str(listing(tmp_path)) == f"There is no run folder in {tmp_path}."


def test_the_command_does_without_tensorflow(runs):
    code = (
        "import sys\nfrom tfticket.cli.app import app\n"
        f"app(['list', {str(runs)!r}], standalone_mode=False)\n"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "damaged" in done.stdout
