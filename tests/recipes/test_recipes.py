from __future__ import annotations

import numpy as np
import pytest

from tfticket import recipes, zoo
from tfticket.recipes.lottery_ticket import LotteryTicket
from tfticket.schedules import PerPath

HALF = {"sparsity": 0.5, "pruning_rate": 0.5}


def test_a_lottery_ticket_starts_from_the_initial_weights(model_fn, data):
    found = recipes.lottery_ticket(
        model_fn, data, sparsity=0.5, pruning_rate=0.3, num_steps=5, replicates=2, seed=3
    )
    assert [len(levels) for levels in found.levels] == [3, 3]
    dense, _, last = found.levels[0]
    assert last.masks.num_kept == 740
    for path, initial in dense.ticket.weights.items():
        assert np.array_equal(last.ticket.weights[path], initial)
    kernel = last.trained.weights["hidden/kernel"]
    assert not kernel[~last.masks["hidden/kernel"]].any()


def test_late_rewinding_starts_from_the_step(model_fn, data):
    found = recipes.late_rewinding(
        model_fn, data, sparsity=0.5, pruning_rate=0.5, num_steps=6, rewind_to="4it"
    )
    dense, last = found.levels[0]
    assert last.ticket.step == 4
    recorded = dense.states[4].weights["output/kernel"]
    assert np.array_equal(last.ticket.weights["output/kernel"], recorded)
    assert last.log == {"start_step": 4, "end_step": 6}


def test_learning_rate_rewinding_keeps_the_trained_weights_and_trains_from_the_start(
    model_fn, data
):
    found = recipes.learning_rate_rewinding(
        model_fn, data, sparsity=0.5, pruning_rate=0.5, num_steps=4
    )
    dense, last = found.levels[0]
    trained = dense.trained.weights["hidden/kernel"]
    assert np.array_equal(last.ticket.weights["hidden/kernel"], trained)
    assert last.log == {"start_step": 0, "end_step": 4, "trained_steps": 8}


def test_fine_tuning_goes_on_for_as_many_steps_again(model_fn, data):
    found = recipes.fine_tuning(model_fn, data, sparsity=None, rounds=2, num_steps=4)
    assert [level.log["end_step"] for level in found.levels[0]] == [4, 8, 12]


def test_gradual_prunes_inside_one_training_beside_a_dense_one(model_fn, data):
    found = recipes.gradual(
        model_fn, data, sparsity=0.75, num_steps=8, begin_step=2, end_step=6, frequency=2
    )
    dense, last = found.levels[0]
    assert (dense.sparsity, last.sparsity) == (0.0, 0.75)
    assert [step for step, _ in last.log["prunings"]] == [2, 4, 6]
    start = dense.ticket.weights["hidden/kernel"]
    assert np.array_equal(last.ticket.weights["hidden/kernel"], start)
    assert not last.trained.weights["hidden/kernel"][~last.masks["hidden/kernel"]].any()


def test_moments_in_epochs_are_as_many_steps_as_there_are_examples_for(model_fn, data):
    found = recipes.late_rewinding(
        model_fn,
        data,
        sparsity=0.5,
        pruning_rate=0.5,
        num_steps=4,
        batch_size=629,  # 1 257 examples: 2.0 steps an epoch
        rewind_to="1.5ep",
    )
    assert found.ticket.step == 3


def test_rates_may_differ_by_weight_path(model_fn, data):
    rates = {"output": 0.1, ".*": 0.2}
    found = recipes.lottery_ticket(
        model_fn, data, sparsity=None, rounds=2, pruning_rate=rates, num_steps=2
    )
    kept = found.ticket.masks.kept_per_path()
    assert kept == {"hidden/kernel": round(1280 * 0.64), "output/kernel": round(200 * 0.81)}


def test_the_published_rates_give_the_published_grid():
    """LeNet-300-100 at 0.2 and 0.1 for the output layer; percent of weights left, rounded."""
    model = zoo.get_model("lenet_300_100").build(keras="keras", seed=0)
    rates = zoo.get_model("lenet_300_100").pruning_rates
    schedule = LotteryTicket(pruning_rate=rates, rounds=24).method(model).schedule
    assert isinstance(schedule, PerPath)
    sizes = {"dense_1": 235_200, "dense_2": 30_000, "output": 1_000}
    left = {}
    for round_ in (1, 3, 7, 15, 24):
        curve = schedule.curve(round_ / 24)
        kept = [(1 - s) * n for s, n in zip(curve.values(), sizes.values(), strict=True)]
        left[round_] = round(100 * sum(kept) / 266_200, 1)
    assert left == {1: 80.0, 3: 51.3, 7: 21.1, 15: 3.6, 24: 0.5}


@pytest.mark.parametrize(
    "name", ["snip", pytest.param("lottery_ticket", marks=pytest.mark.long), "scratch_e"]
)
def test_however_many_tickets_a_run_trains_their_step_is_traced_once(keras, name, data):
    calls = []

    def build():
        layers = keras.layers
        model = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(10)])
        cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

        def loss(y, outputs):
            calls.append(1)  # Python runs while a step is traced, and not in the steps
            return cross_entropy(y, outputs)

        model.compile("sgd", loss, metrics=["accuracy"])
        return model

    def num_traces(controls):
        calls.clear()
        getattr(recipes, name)(build, data, sparsity=0.5, num_steps=3, controls=controls)
        return len(calls)

    assert num_traces(()) == num_traces(("reinitialize", "reshuffle"))
