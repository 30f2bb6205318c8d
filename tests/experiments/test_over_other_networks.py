"""Runs that train, or whose tickets or files are of, another network than the one given."""

from __future__ import annotations

import pytest

from tests.experiments.test_runner import contents
from tfticket import trust
from tfticket.experiments.artifacts import export_run
from tfticket.experiments.run_folder import RunFolder
from tfticket.experiments.runner import run
from tfticket.experiments.shrinking import shrink_saved
from tfticket.experiments.spec import Spec
from tfticket.export import keras_archive

NETWORK = """
def network(keras):
    return keras.Sequential([
        keras.Input((8, 8, 1)),
        keras.layers.Conv2D(8, 3, activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(20, activation="relu"),
        keras.layers.Dense(10),
    ])
"""
RECIPES = {
    "factorize": {"parameters": 0.5, "frobenius_decay": 1e-3},
    "strong_ticket": {"candidates": 6, "inputs": "nonnegative"},
    "continuous_sparsification": {"rounds": 2, "rewind_to": 5},
    "soft_threshold": {"initial_score": -3.0},
}


class Stop(Exception):
    pass


@pytest.fixture(params=RECIPES)
def spec(request, keras, tmp_path):
    file = tmp_path / "network.py"
    file.write_text(NETWORK)
    given = {"model": f"{file}:network", "data": "digits", "keras": keras.__name__}
    settings = RECIPES[request.param]
    return Spec(**given, recipe=request.param, **settings, num_steps=20, export="none")


def test_a_run_that_was_stopped_ends_with_the_same_bits(spec, tmp_path, monkeypatch):
    run(spec, tmp_path / "whole")
    for name in ("keep_level", "keep_control"):
        out = tmp_path / name
        with monkeypatch.context() as patch:
            keep = getattr(RunFolder, name)

            def kept_and_stopped(self, level, result, keep=keep):
                keep(self, level, result)
                raise Stop

            patch.setattr(RunFolder, name, kept_and_stopped)
            with pytest.raises(Stop):
                run(spec, out)
        run(spec, out)
        whole, again = contents(tmp_path / "whole"), contents(out)
        assert [n for n in whole if whole[n] != again.get(n)] == []


@pytest.fixture
def trusted():
    before = trust.trusting.set(True)
    yield
    trust.trusting.reset(before)


@pytest.mark.usefixtures("trusted")
def test_its_networks_become_files_that_are_compared(spec, tmp_path):
    outcome = run(spec, tmp_path / "run")
    assert outcome.chosen.round == 1
    for target in ("keras", "savedmodel", "tflite"):
        export_run(tmp_path / "run", target)
    saved = shrink_saved(tmp_path / "run", tmp_path / "small.keras")
    assert saved.max_relative_difference < 1e-4
    if spec.recipe_name == "factorize":  # the thin layers, not their product
        kept = keras_archive.load(tmp_path / "small.keras").count_params()
        assert kept == outcome.chosen.log["parameters"] < outcome.chosen.log["dense_parameters"]
