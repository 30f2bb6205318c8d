"""Trackers, against what stands in for their clients; and against the clients, where they are."""

from __future__ import annotations

import sys
import types

import pytest

from tfticket.experiments.trackers import tracker

FIGURES = {"networks/replicate_0/ticket/test_accuracy": 0.5}


def of_module(name, **attributes):
    module = types.ModuleType(name)
    module.__file__ = f"{name}.py"
    vars(module).update(attributes)
    return module


def used(tracked, tmp_path):
    tracked.log(FIGURES, "round", 1)
    tracked.log({"curves/replicate_0/ticket_1/validation_loss": 2.0}, "step", 10)
    (tmp_path / "report.json").write_text("{}")
    tracked.attach(tmp_path / "report.json")
    tracked.finish()


class Calls:
    """Writes down what is called on it."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        def call(*args, **options):
            self.calls.append((name, *args, *options.items()))
            return types.SimpleNamespace(
                experiment_id="e", info=types.SimpleNamespace(run_id="new"), id=options.get("id")
            )

        return call


def test_mlflow_keeps_several_runs_by_its_client(monkeypatch, tmp_path):
    client, module = Calls(), Calls()
    stand_in = of_module(
        "mlflow", MlflowClient=lambda: client, set_experiment=module.set_experiment
    )
    monkeypatch.setitem(sys.modules, "mlflow", stand_in)
    tracked = tracker("mlflow").open(tmp_path, {"sparsity": 0.5}, None)
    assert tracked.id == "new"
    used(tracked, tmp_path)
    assert module.calls == [("set_experiment", ("experiment_name", "tfticket"))]
    assert client.calls == [
        ("create_run", "e", ("run_name", tmp_path.name)),
        ("log_param", "new", "sparsity", 0.5),
        ("log_metric", "new", *FIGURES, 0.5, ("step", 1)),
        ("log_metric", "new", "curves/replicate_0/ticket_1/validation_loss", 2.0, ("step", 10)),
        ("log_artifact", "new", str(tmp_path / "report.json")),
        ("set_terminated", "new"),
    ]
    client.calls.clear()
    assert tracker("mlflow").open(tmp_path, {"sparsity": 0.5}, "known").id == "known"
    assert client.calls == [("update_run", "known", ("status", "RUNNING"))]


def test_wandb_has_an_axis_of_rounds_and_one_of_steps(monkeypatch, tmp_path):
    run = Calls()
    run.id = "new"
    asked = {}
    stand_in = of_module("wandb", init=lambda **options: asked.update(options) or run)
    monkeypatch.setitem(sys.modules, "wandb", stand_in)
    monkeypatch.setenv("WANDB_PROJECT", "mine")
    used(tracker("wandb").open(tmp_path, {"sparsity": 0.5}, "known"), tmp_path)
    assert (asked["id"], asked["resume"], asked["project"]) == ("known", "allow", "mine")
    assert asked["config"] == {"sparsity": 0.5}
    assert asked["reinit"] == "create_new"
    assert run.calls[:4] == [
        ("define_metric", "networks/*", ("step_metric", "round")),
        ("define_metric", "curves/*", ("step_metric", "step")),
        ("log", {**FIGURES, "round": 1}),
        ("log", {"curves/replicate_0/ticket_1/validation_loss": 2.0, "step": 10}),
    ]
    assert [name for name, *_ in run.calls[4:]] == ["save", "finish"]


def test_mlflow_itself(monkeypatch, tmp_path):
    mlflow = pytest.importorskip("mlflow", reason="mlflow is not installed")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri(f"file://{tmp_path}/kept")
    used(tracker("mlflow").open(tmp_path, {"sparsity": 0.5}, None), tmp_path)
    (found,) = mlflow.search_runs(experiment_names=["tfticket"], output_format="list")
    assert found.data.params == {"sparsity": "0.5"}
    assert found.data.metrics | FIGURES == found.data.metrics
    assert found.info.status == "FINISHED"


def test_wandb_itself(monkeypatch, tmp_path):
    pytest.importorskip("wandb", reason="wandb is not installed")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    tracked = tracker("wandb").open(tmp_path, {"sparsity": 0.5}, None)
    used(tracked, tmp_path)
    (kept,) = tmp_path.glob("wandb/offline-run-*/*.wandb")
    assert b"networks/replicate_0/ticket/test_accuracy" in kept.read_bytes()


def test_tensorboard_itself(tmp_path):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    used(tracker("tensorboard").open(tmp_path, {"sparsity": 0.5}, None), tmp_path)
    found = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert set(FIGURES) <= set(found.Tags()["tensors"])
