from __future__ import annotations

import sys

import pytest

from tfticket.errors import MissingDependencyError
from tfticket.experiments.records import read_record
from tfticket.experiments.runner import run
from tfticket.experiments.spec import Spec
from tfticket.experiments.trackers import TRACKERS, tracker
from tfticket.experiments.tracking import TRACKING, Tracking

SETTINGS = {
    "model": "lenet_300_100",
    "data": "digits",
    "recipe": "snip",
    "sparsity": 0.5,
    "num_steps": 4,
    "eval_every": 2,
    "steps_per_execution": 1,
    "export": (),
    "controls": ("random_sparse",),
}


class Kept:
    """A tracker that keeps everything in memory."""

    name = "kept"

    def __init__(self, fails_at=None):
        self.opened, self.figures, self.files, self.finished = [], [], [], 0
        self.fails_at, self.id = fails_at, "seven"

    def open(self, folder, settings, known):
        self.opened.append((folder.name, settings, known))
        return self

    def log(self, figures, axis, at):
        if len(self.figures) == self.fails_at:
            raise ConnectionError("no network")
        self.figures.append((axis, at, figures))

    def attach(self, path):
        self.files.append(path.name)

    def finish(self):
        self.finished += 1


def test_every_network_is_told_with_its_curve(tmp_path):
    kept = Kept()
    with Tracking(kept) as tracking:
        outcome = run(Spec(**SETTINGS), tmp_path / "run", on_event=tracking)
    name, settings, known = kept.opened[0]
    assert (name, known, len(kept.opened), kept.finished) == ("run", None, 1, 1)
    assert settings["sparsity"] == 0.5
    assert [at for axis, at, _ in kept.figures if axis == "round"] == [0, 1, 1]
    tests = {
        (n, at): v
        for axis, at, figures in kept.figures
        for n, v in figures.items()
        if n.endswith("/test_accuracy")
    }
    dense, ticket, control = outcome.results
    assert tests == {
        ("networks/replicate_0/ticket/test_accuracy", 0): dense.metrics["test_accuracy"],
        ("networks/replicate_0/ticket/test_accuracy", 1): ticket.metrics["test_accuracy"],
        ("networks/replicate_0/random_sparse/test_accuracy", 1): control.metrics["test_accuracy"],
    }
    curve = [
        (at, figures["curves/replicate_0/ticket_1/validation_loss"])
        for axis, at, figures in kept.figures
        if "curves/replicate_0/ticket_1/validation_loss" in figures
    ]
    assert curve == list(zip([2, 4], ticket.log["curve"]["validation_loss"], strict=True))
    assert {"spec.json", "report.json", "metrics.jsonl"} <= set(kept.files)


def test_a_run_that_goes_on_is_kept_where_it_was(tmp_path):
    with Tracking(Kept()) as tracking:
        run(Spec(**SETTINGS), tmp_path, on_event=tracking)
    assert read_record(tmp_path / TRACKING)["names"] == {"kept": "seven"}
    kept = Kept()
    with Tracking(kept) as tracking:
        run(Spec(**SETTINGS, replicates=2), tmp_path, on_event=tracking)
    assert [known for *_, known in kept.opened] == ["seven"]
    assert all("replicate_1" in name for *_, figures in kept.figures for name in figures)


def test_a_tracker_that_fails_stops_no_run(tmp_path):
    kept = Kept(fails_at=2)
    warned = pytest.warns(UserWarning, match=r"^kept failed and .*ConnectionError: no network$")
    with warned, Tracking(kept) as tracking:
        outcome = run(Spec(**SETTINGS), tmp_path, on_event=tracking)
    assert len(outcome.results) == 3
    assert len(kept.figures) == 2


def test_names_and_libraries_are_checked_first(monkeypatch):
    with pytest.raises(ValueError, match=r"^`track` must be one of mlflow, tensorboard, wandb\."):
        tracker("aim")
    assert tracker(None) is None
    for name in TRACKERS:
        monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(MissingDependencyError, match=rf"tfticket\[{name}\]"):
            tracker(name)
