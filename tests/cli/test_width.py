"""What commands print is as wide as the terminal, and no word or number is broken."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from tfticket.cli.app import app

pytest.importorskip("ai_edge_litert")

COLUMNS = 80


def invoke(*arguments, columns=COLUMNS):
    done = CliRunner(env={"COLUMNS": str(columns)}).invoke(app, [str(a) for a in arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run that removes channels, and what the command printed."""
    root = tmp_path_factory.mktemp("a_folder_of_a_rather_long_name") / "filters"
    given = ["--model", "vgg_small", "--data", "digits", "--num-steps", "2", "--export", "tflite"]
    return root, invoke("find", "l1_filters", *given, "--fine-tune-steps", "1", "--out", root)


def assert_fits(text, whole):
    """No line is too wide but for a word that is, and every number and word is still there."""
    for line in text.splitlines():
        assert len(line) <= COLUMNS or len(line.split()) == 1, line
    is_cut = "…" in text  # names are shortened in their middle
    missing = [word for word in whole.split() if word not in text.split()]
    assert not [word for word in missing if not (is_cut and ("/" in word or "_" in word))]


def test_a_run_fits_the_terminal(run):
    root, printed = run
    shown = invoke("show", root)
    for text in (printed, shown):
        assert all(len(line) <= COLUMNS for line in text.splitlines())
    assert_fits(shown, invoke("show", root, columns=1_000))
    assert "Budgets differ, in steps of training: dense 2, ticket 3, reinitialize 2." in shown
    assert "112 of 224 removable channels are gone (0.500)" in " ".join(shown.split())


def test_files_fit_the_terminal(run, tmp_path):
    file = run[0] / "model.tflite"
    for command in (
        ("inspect", file),
        ("encode", file, "--out", tmp_path / "encoded.tflite", "--no-verify"),
        ("export", run[0], "--to", "tflite", "--out", tmp_path / "exported.tflite"),
    ):
        first = invoke(*command)
        again = [*command, "--overwrite"] if command[0] == "encode" else command
        assert_fits(first, invoke(*again, columns=1_000) if command[0] != "export" else "")


def test_doctor_fits_the_terminal():
    assert all(len(line) <= COLUMNS for line in invoke("doctor").splitlines())


def test_json_is_not_folded(run):
    found = json.loads(invoke("show", run[0], "--json", columns=40))
    assert found["outcome"]["budget"].startswith("Budgets differ")
    dense, ticket, _ = found["results"]
    assert (dense["log"]["num_channels"], ticket["log"]["num_channels"]) == (224, 112)
    assert ticket["log"]["asked_channel_sparsity"] == 0.5
