"""A level that is not finite is not kept, and a folder without a good one takes other settings."""

from __future__ import annotations

import dataclasses
import json

import pytest

from tfticket.errors import NotFiniteError
from tfticket.experiments import run_folder, runner
from tfticket.experiments.spec import Spec

GOOD = {
    "model": "lenet_300_100",
    "data": "digits",
    "optimizer": "SGD",
    "recipe": "lottery_ticket",
    "sparsity": 0.5,
    "pruning_rate": 0.3,
    "num_steps": 4,
    "batch_size": 32,
    "controls": ("reinitialize",),
    "export": (),
}


def spec(learning_rate, **settings):
    return Spec(**{**GOOD, "learning_rate": learning_rate, **settings})


def test_after_a_learning_rate_that_was_too_high_the_right_one_goes_on(tmp_path, flavour):
    with pytest.raises(NotFiniteError, match=r"level 0 must be finite.*validation_loss=nan") as e:
        runner.run(spec(1e30, keras=flavour), tmp_path / "run")
    assert "Lower the learning rate" in str(e.value)
    assert not run_folder.RunFolder(tmp_path / "run").has_levels()
    outcome = runner.run(spec(0.01, keras=flavour), tmp_path / "run")
    assert outcome == runner.run(spec(0.01, keras=flavour), tmp_path / "other")
    settings = json.loads((tmp_path / "run" / "spec.json").read_text())
    assert settings["learning_rate"] == 0.01


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What the good settings come to."""
    return runner.run(spec(0.01), tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize(
    "at", [pytest.param(("next", 2), marks=pytest.mark.long), ("train_ticket", 2)]
)
def test_a_later_level_or_control_is_not_kept_and_the_ones_before_are(
    whole, tmp_path, monkeypatch, at
):
    spoil(monkeypatch, *at)
    with pytest.raises(NotFiniteError, match="level 2 must be finite"):
        runner.run(spec(0.01), tmp_path / "run")
    folder = run_folder.RunFolder(tmp_path / "run")
    assert folder.num_levels(0) == (2 if at[0] == "next" else 3)
    assert not folder.has_control(0, 2, "reinitialize")
    monkeypatch.undo()
    assert runner.run(spec(0.01), tmp_path / "run").results == whole.results


def test_a_control_is_named(tmp_path, monkeypatch):
    spoil(monkeypatch, "train_ticket", 2)
    with pytest.raises(NotFiniteError, match="replicate 0, control reinitialize of level 2: level"):
        runner.run(spec(0.01), tmp_path / "run")


def test_a_mistake_in_the_schedule_is_told_before_the_dense_training(tmp_path):
    wrong = {"recipe": "gradual", "pruning_rate": None, "end_step": 9}
    settings = {k: v for k, v in {**GOOD, **wrong}.items() if v is not None}
    with pytest.raises(ValueError, match="`end_step` must lie"):
        runner.run(Spec(**settings), tmp_path / "run")
    assert not run_folder.RunFolder(tmp_path / "run").has_levels()
    assert runner.run(Spec(**{**settings, "end_step": 3}), tmp_path / "run").results


def spoil(monkeypatch, name, round_):
    """Makes the losses of a level not a number, as a training that went wrong does."""
    from tfticket.lottery import Search
    from tfticket.recipes.run import Run

    owner = Search if name == "next" else Run
    right = getattr(owner, name)

    def wrong(*args, **options):
        found = right(*args, **options)
        is_meant = found.round == round_
        spoiled = {n: float("nan") for n in found.metrics} if is_meant else found.metrics
        return dataclasses.replace(found, metrics=spoiled)

    monkeypatch.setattr(owner, name, wrong)
