"""`tfticket collapse`."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from tfticket.cli.app import app


def invoke(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_collapse_compares_scores_without_training(tmp_path):
    picture = tmp_path / "collapse.png"
    done = invoke(
        *("collapse", "--model", "lenet_300_100", "--scores", "synflow=5,magnitude,snip"),
        *("--per-decade", 1, "--plot", picture, "--keras", "tf_keras"),
    )
    assert done.exit_code == 0, done.output
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[2][:3] == ["score", "rounds", "critical"]
    assert lines[3][:3] == ["synflow", "5", "10,000"]
    assert lines[4][:2] == ["magnitude", "1"] and lines[4][-1] == "dense_1/kernel"
    assert "made-up examples with random labels" in done.stdout
    assert "[18/18] snip at compression" in done.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_collapse_prints_what_is_kept_of_each_layer_as_json(tmp_path):
    done = invoke(
        *("collapse", "--model", "lenet_300_100", "--scores", "random", "--per-decade", 1),
        *("--data", "digits", "--json"),
    )
    found = json.loads(done.stdout)
    dense = [row for row in found["kept"] if row["compression_ratio"] == 1]
    assert [row["num_kept"] for row in dense] == [235_200, 30_000, 1_000]


@pytest.mark.parametrize("scores", ["synflow=", "synflow=0", "=3", "snip,synflow=ten", "snip,"])
def test_scores_that_cannot_be_read_are_refused(scores):
    done = invoke("collapse", "--model", "lenet_300_100", "--scores", scores)
    assert done.exit_code == 1
    assert "--scores must be names, of which some have a number of rounds" in done.stderr


def test_collapse_may_download(monkeypatch):
    from tfticket.zoo import evidence

    asked = {}

    def refused(name, **options):
        raise ValueError(asked.update(options))

    monkeypatch.setattr(evidence, "load_data", refused)
    named = ("collapse", "--model", "lenet_300_100", "--data", "mnist", "--download")
    assert invoke(*named).exit_code == 1
    assert asked["download"] is True
