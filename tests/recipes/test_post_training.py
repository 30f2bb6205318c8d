"""Wanda and SparseGPT as recipes: the trained network, pruned and trained no more."""

import numpy as np
import pytest

from tfticket import recipes
from tfticket.experiments.plan import make_plan
from tfticket.experiments.spec import Spec

SHORT = {"num_steps": 300, "calibration_examples": 500}


@pytest.mark.parametrize("name", ["wanda", "sparsegpt"])
def test_the_trained_network_is_pruned_and_measured(model_fn, data, name):
    found = getattr(recipes, name)(model_fn, data, **SHORT, sparsity=0.4)
    dense, level = found.levels[0]
    assert dense.metrics["test_accuracy"] > 0.8
    assert level.metrics["test_accuracy"] > dense.metrics["test_accuracy"] - 0.1
    assert (level.log["start_step"], level.log["end_step"]) == (0, 0)
    assert level.log["trained_steps"] == 300  # those of the network that was pruned
    assert level.masks.sparsity == pytest.approx(0.4, abs=0.01)
    for path, mask in level.masks.items():
        assert not level.trained.weights[path][~mask].any()
        is_as_trained = np.array_equal(
            level.trained.weights[path][mask], dense.trained.weights[path][mask]
        )
        assert is_as_trained == (name == "wanda")
    assert set(level.ticket.provenance["layers"]) == set(level.masks)


def test_two_of_four_and_a_control(model_fn, data):
    found = recipes.sparsegpt(
        model_fn, data, **SHORT, granularity="2:4", controls=("shuffle_mask",), exclude="output"
    )
    control = next(r for r in found.outcome.results if r.arm == "shuffle_mask")
    ticket = next(r for r in found.outcome.results if r.arm == "ticket")
    assert control.num_kept == ticket.num_kept
    assert control.metrics["test_accuracy"] < ticket.metrics["test_accuracy"]
    assert ticket.sparsity == 0.5


def test_controls_are_of_the_trained_network(model_fn, data):
    """It is not trained again, so other weights than those are no network at all."""
    arms = ("shuffle_mask", "reinitialize")
    found = recipes.wanda(model_fn, data, **SHORT, sparsity=0.1, controls=arms)
    by_arm = {(r.arm, r.round): r for r in found.outcome.results}
    dense = by_arm["dense", 0].metrics["test_accuracy"]
    assert by_arm["shuffle_mask", 1].metrics["test_accuracy"] > dense - 0.4
    assert by_arm["reinitialize", 1].metrics["test_accuracy"] < 0.4
    steps = {arm: by_arm[arm, 1].value("trained_steps") for arm in arms}
    assert steps == {"shuffle_mask": 300, "reinitialize": 0}


def test_what_cannot_be_calibrated_is_refused_before_anything_is_trained(keras, data):
    def build():
        layers = keras.layers
        inputs = layers.Input((8, 8, 1))
        x = layers.LSTM(8, name="lstm")(layers.Reshape((8, 8))(inputs))
        model = keras.Model(inputs, layers.Dense(10)(x))
        model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        return model

    events = []
    with pytest.raises(ValueError, match="`exclude` must name the weights.*lstm"):
        recipes.wanda(build, data, on_event=events.append)
    assert not [e for e in events if e.kind == "result"]


def test_a_spec_says_what_sparsegpt_is_told():
    given = {"model": "lenet_300_100", "data": "digits", "num_steps": 40}
    plan = make_plan(Spec(**given, recipe="sparsegpt", damping=0.1))
    assert (plan.recipe.damping, plan.recipe.block_size, plan.recipe.sparsity) == (0.1, 128, 0.5)
    with pytest.raises(ValueError, match="`block_size`"):
        make_plan(Spec(**given, recipe="wanda", block_size=64))
