from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tfticket import recipes, strong_tickets
from tfticket.experiments.plan import make_plan
from tfticket.experiments.spec import Spec
from tfticket.recipes.run import Run, Task, levels_of
from tfticket.recipes.strong_ticket import StrongTicket
from tfticket.rewinding import restore
from tfticket.zoo.training import Training

GIVEN = {"candidates": 10, "inputs": "nonnegative"}


def test_the_trained_network_is_found_in_a_random_one(model_fn, data):
    found = recipes.strong_ticket(model_fn, data, **GIVEN, num_steps=300, seed=1)
    dense, level = found.levels[0]
    assert dense.metrics["test_accuracy"] > 0.8
    assert abs(level.metrics["test_accuracy"] - dense.metrics["test_accuracy"]) < 0.03
    assert (level.log["start_step"], level.log["end_step"]) == (0, 0)
    assert level.log["approximation"]["candidates"] == 10
    for path, mask in level.masks.items():  # not one weight was trained
        np.testing.assert_array_equal(
            level.trained.weights[path], level.ticket.weights[path] * mask
        )
    controls = {r.arm: r for r in found.outcome.results if r.arm not in ("dense", "ticket")}
    assert set(controls) == {"shuffle_mask", "reshuffle"}
    for result in controls.values():
        assert result.num_kept == level.masks.num_kept
        assert result.metrics["test_accuracy"] < 0.4


def test_a_level_is_over_the_random_network(model_fn, data):
    level = recipes.strong_ticket(model_fn, data, **GIVEN, num_steps=20, controls=()).level
    recipe, model = StrongTicket(**GIVEN), model_fn()
    network = recipe.network(model, level.ticket)
    restore(network, level.trained)
    assert recipe.handed_over(network, level) is network
    found = strong_tickets.gadgets(model, 10, nonnegative_inputs=True)
    assert network.count_params() == sum(g.num_weights for g in found.values())
    logits = np.asarray(network(data.test.x))
    accuracy = np.mean(logits.argmax(1) == data.test.y)
    assert accuracy == pytest.approx(level.metrics["test_accuracy"])


def test_a_search_goes_on_after_the_dense_level(model_fn, data):
    found = recipes.strong_ticket(model_fn, data, **GIVEN, num_steps=10, controls=())
    training = Training(10)
    recipe = StrongTicket(**GIVEN).resolved(Task(training, len(data.train)))
    dense, level = found.levels[0]
    with Run(model_fn(), data, training, seed=0, recipe_name="strong_ticket") as run:
        (again,) = levels_of(recipe, run, resume=dense)
    for path, array in level.trained.weights.items():
        np.testing.assert_array_equal(array, again.trained.weights[path])
    assert again.metrics == level.metrics


def test_what_cannot_be_approximated_is_refused_before_anything_is_trained(keras, data):
    def build():
        layers = keras.layers
        stack = [layers.Input((8, 8, 1)), layers.Flatten(), layers.BatchNormalization()]
        model = keras.Sequential([*stack, layers.Dense(10)])
        model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        return model

    events = []
    with pytest.raises(ValueError, match="BatchNormalization"):
        recipes.strong_ticket(build, data, on_event=events.append)
    assert not [e for e in events if e.kind == "result"]


def test_a_spec_says_how_many_candidates():
    given = {"model": "lenet_300_100", "data": "digits", "num_steps": 40}
    plan = make_plan(Spec(**given, recipe="strong_ticket", candidates=8))
    assert (plan.recipe.candidates, plan.recipe.inputs) == (8, "signed")
    with pytest.raises(ValueError, match="`candidates`"):
        Spec(**given, recipe="strong_ticket", candidates=40)


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_inputs_that_are_said_not_to_be_negative_are_looked_at(model_fn, data, part):
    split = data.splits[part]
    negative = dataclasses.replace(data, **{part: dataclasses.replace(split, x=split.x - 0.5)})
    with pytest.raises(ValueError, match=f"`inputs` must be 'signed': {part} examples"):
        recipes.strong_ticket(model_fn, negative, inputs="nonnegative", num_steps=1)
