"""Where trainings run: the flags, and that it makes no difference to what comes out."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from tests.experiments.test_runner import contents
from tfticket.cli.app import app
from tfticket.experiments.study import read_study

STUDY = {
    "model": "lenet_300_100",
    "data": "digits",
    "num_steps": 6,
    "eval_every": 3,
    "steps_per_execution": 1,
    "export": [],
    "controls": ["reinitialize"],
    "replicates": 2,
    "grid": [
        {"recipe": "lottery_ticket", "pruning_rate": 0.5, "rounds": 1},
        {"recipe": "snip", "sparsity": 0.5},
    ],
}


@pytest.mark.long
def test_a_study_by_processes_is_that_of_one(tmp_path):
    file = tmp_path / "study.json"
    file.write_text(json.dumps(STUDY))

    def run_with(out, *flags):
        command = [sys.executable, "-m", "tfticket", "run", str(file), "--out", str(out), "--json"]
        ended = subprocess.run([*command, *flags], check=True, capture_output=True, text=True)
        return json.loads(ended.stdout)

    here = run_with(tmp_path / "here", "--threads", "1")
    there = run_with(tmp_path / "there", "--engine", "processes", "--workers", "2")
    assert not there["failed"]
    assert there["comparison"]["rows"] == here["comparison"]["rows"]
    for name in read_study(file).specs:
        assert contents(tmp_path / "there" / name) == contents(tmp_path / "here" / name)
    dense = list((tmp_path / "there" / "shared").rglob("trained.safetensors"))
    assert len(dense) == 2  # one for each seed, although two runs begin with it


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--engine", "dask"], "--engine must be one of local, processes, ray. Received: 'dask'"),
        (["--workers", "2"], "--workers must be left out but with engine processes."),
        (["--engine", "processes", "--gpus", "1"], "--gpus must be left out but with engine ray"),
        (["--engine", "processes", "--workers", "0"], "--workers must be at least 1."),
        (["--threads", "0"], "--threads must be at least 1. Received: threads=0"),
        (["--engine", "ray", "--gpus", "-1"], "--gpus must not be negative. Received: gpus=-1"),
    ],
)
@pytest.mark.parametrize("command", ["find", "run", "branch"])
def test_flags_that_make_no_sense_are_told_at_once(command, flags, message, tmp_path):
    file = tmp_path / "study.json"
    file.write_text(json.dumps(STUDY))
    given = {
        "find": ["find", "snip", "--data", "digits", "--out", str(tmp_path / "run")],
        "run": ["run", str(file), "--out", str(tmp_path / "run")],
        "branch": ["branch", str(tmp_path), "reshuffle"],
    }[command]
    ended = CliRunner().invoke(app, [*given, *flags])
    assert ended.exit_code == 1
    assert message in " ".join(ended.stderr.split())
    assert not (tmp_path / "run").exists()
