"""Runs that train, or whose tickets or files are of, another network than the one given."""

from __future__ import annotations

import shutil

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

SHORT = [("factorize", "keras")]


class Stop(Exception):
    pass


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A folder with the network, and with one whole run of each recipe and Keras."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "network.py").write_text(NETWORK)
    return folder


#: tf_keras has the same logic of runs below; what it computes is tested where it is computed.
PAIRS = [
    pytest.param(
        (recipe, flavour),
        id=f"{recipe}-{flavour}",
        marks=[] if (recipe, flavour) in SHORT else [pytest.mark.long],
    )
    for recipe in RECIPES
    for flavour in ("keras", "tf_keras")
]


@pytest.fixture(params=PAIRS)
def spec(request, shared):
    recipe, flavour = request.param
    given = {"model": f"{shared / 'network.py'}:network", "data": "digits", "keras": flavour}
    return Spec(**given, recipe=recipe, **RECIPES[recipe], num_steps=20, export="none")


@pytest.fixture
def whole(spec, shared):
    """A run of the recipe from start to end; not to be written to."""
    folder = shared / f"{spec.recipe_name}-{spec.common.keras}"
    run(spec, folder)  # the second time it is only read
    return folder


@pytest.mark.long
def test_a_run_that_was_stopped_ends_with_the_same_bits(spec, whole, tmp_path, monkeypatch):
    out = tmp_path / "stopped"
    for name in ("keep_level", "keep_control"):
        with monkeypatch.context() as patch:
            keep = getattr(RunFolder, name)

            def kept_and_stopped(self, level, result, keep=keep):
                keep(self, level, result)
                raise Stop

            patch.setattr(RunFolder, name, kept_and_stopped)
            with pytest.raises(Stop):
                run(spec, out)
    run(spec, out)
    once, again = contents(whole), contents(out)
    assert [n for n in once if once[n] != again.get(n)] == []


@pytest.fixture
def trusted():
    before = trust.trusting.set(True)
    yield
    trust.trusting.reset(before)


@pytest.mark.usefixtures("trusted")
def test_its_networks_become_files_that_are_compared(spec, whole, tmp_path):
    shutil.copytree(whole, tmp_path / "run")
    outcome = run(spec, tmp_path / "run")
    assert outcome.chosen.round == 1
    for target in ("keras", "savedmodel", "tflite"):
        export_run(tmp_path / "run", target)
    saved = shrink_saved(tmp_path / "run", tmp_path / "small.keras")
    assert saved.max_relative_difference < 1e-4
    if spec.recipe_name == "factorize":  # the thin layers, not their product
        kept = keras_archive.load(tmp_path / "small.keras").count_params()
        assert kept == outcome.chosen.log["parameters"] < outcome.chosen.log["dense_parameters"]
