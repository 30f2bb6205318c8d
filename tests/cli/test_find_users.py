"""`tfticket find` with what users bring, each from the command line to verified files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tfticket import weights
from tfticket.cli.app import app
from tfticket.experiments.run_folder import RunFolder
from tfticket.tickets import Ticket

QUICK = ("--num-steps", "20", "--steps-per-execution", "1", "--export", "keras,tflite")


@pytest.fixture
def mine(keras, monkeypatch):
    monkeypatch.setenv("FLAVOUR", keras.__name__)
    return Path(__file__).with_name("mine.py")


@pytest.fixture
def find(mine, tmp_path, keras):
    """Runs the command and gives its outcome, the lines it told on the way, and the folder."""

    def run(recipe, model, data, *arguments, out="run"):
        named = model if model.endswith(".keras") else f"{mine}:{model}"
        given = ["--trust"] if model.endswith(".keras") else []  # asked for before Keras 3.11
        given += ["find", recipe, "--model", named, "--data", f"{mine}:{data}", "--json"]
        given += ["--keras", keras.__name__, "--out", str(tmp_path / out), *QUICK, *arguments]
        done = CliRunner().invoke(app, given)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout), done.stderr, tmp_path / out

    return run


def assert_verified(outcome):
    assert set(outcome["exports"]) == {"model.keras", "model.tflite"}, outcome["skipped"]
    report = outcome["exports"]["model.tflite"]
    assert report["inputs"] == "given" and report["num_samples"] == 256
    kept = [check for check in report["verification"] if check["file"] == report["layout"]]
    assert kept and all(check["relative_diff"] <= check["tolerance"] for check in kept)
    assert outcome["files"]["accuracy_vs_sparsity.png"] > 0


def test_an_augmented_tf_data_pipeline_with_a_schedule_and_class_weights(find):
    given = ["--sparsity", "0.5", "--pruning-rate", "0.5", "--controls", "reinitialize"]
    given += ["--class-weight", json.dumps({str(c): 1 + c % 2 for c in range(10)})]
    outcome, told, folder = find("lottery_ticket", "network", "augmented", *given)
    assert_verified(outcome)
    assert "test top3" in told
    assert "gave the same batches when they were read again" in " ".join(outcome["notes"])
    assert RunFolder(folder).settings()["class_weight"] == {str(c): 1.0 + c % 2 for c in range(10)}
    plan = json.loads((folder / "plan.json").read_text())
    assert plan["training"]["batch_size"] == 32
    assert plan["pipelines"]["train"]["num_examples"] == 1257


def test_a_pipeline_that_cannot_be_made_again_is_told_at_the_start_and_in_the_report(find, mine):
    given = ["--sparsity", "0.5", "--controls", "none", "--rewind-to", "5", "--pruning-rate", "0.5"]
    given += ["--eval-every", "5", "--callbacks", f"{mine}:callbacks"]
    network = ("network_for_callbacks", "augmented_once")
    outcome, told, _ = find("late_rewinding", *network, *given)
    assert_verified(outcome)
    said = "that of train gave other batches when it was read again"
    assert said in told.splitlines()[0] and said in outcome["notes"][0]


def test_a_numbered_data_set_and_a_score_that_looks_at_it(find):
    given = ("--sparsity", "0.5", "--controls", "none")
    outcome, _, folder = find("snip", "network", "numbered", *given)
    assert_verified(outcome)
    done = CliRunner().invoke(
        app, ["--trust", "export", str(folder), "--to", "tflite", "--quantize", "int8"]
    )
    assert done.exit_code == 0, done.output


def test_two_inputs_with_weights_of_examples(find):
    outcome, _, _ = find("snip", "of_two_inputs", "two_inputs", "--sparsity", "0.5")
    assert_verified(outcome)


def test_two_outputs_with_losses_of_their_own(find):
    outcome, told, _ = find("snip", "of_two_outputs", "two_outputs", "--sparsity", "0.5")
    assert_verified(outcome)
    assert "test digit accuracy" in told
    assert {"test_odd_auc", "validation_odd_loss"} <= set(outcome["chosen"]["metrics"])


def test_a_pretrained_file_is_fine_tuned_and_rewound_to_its_weights(find, keras, tmp_path):
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(np.random.default_rng(0).random((64, 8, 8, 1)), np.arange(64) % 10, verbose=0)
    model.save(tmp_path / "pretrained.keras")
    given = (str(tmp_path / "pretrained.keras"), "numbered", "--sparsity", "0.5")
    outcome, _, folder = find("lottery_ticket", *given, "--pruning-rate", "0.5")
    assert_verified(outcome)
    assert "rewinding goes back to them" in " ".join(outcome["notes"])
    ticket = Ticket.load(folder / "ticket")
    for (path, found), trained in zip(
        ticket.weights.items(), weights.read_all(model).values(), strict=True
    ):
        assert np.array_equal(found, trained), path
    outcome, _, _ = find("fine_tuning", *given, "--controls", "none", out="tuned")
    assert_verified(outcome)
    assert outcome["chosen"]["log"]["end_step"] > outcome["chosen"]["log"]["start_step"] > 0
