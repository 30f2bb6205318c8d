"""Recipes on what users bring: pipelines, callbacks, networks with a past."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfticket import recipes
from tfticket.lottery import find_ticket
from tfticket.schedules import OneShot
from tfticket.scores import Evidence

HALF = {"sparsity": 0.5, "pruning_rate": 0.5}


def batched(split, size=64):
    return tf.data.Dataset.from_tensor_slices((split.x, split.y)).batch(size)


@pytest.fixture(scope="module")
def piped(data):
    return {name: batched(split) for name, split in data.splits.items()}


def test_every_training_of_a_pipeline_meets_the_same_batches(model_fn, data, piped):
    found = recipes.late_rewinding(model_fn, piped, num_steps=30, rewind_to="1ep", **HALF)
    assert found.ticket.step == 20  # 1 257 examples, 64 a batch
    assert "gave the same batches" in found.outcome.notes[0]
    again = recipes.late_rewinding(model_fn, piped, num_steps=30, rewind_to="1ep", **HALF)
    for path, trained in found.level.trained.weights.items():
        assert np.array_equal(trained, again.level.trained.weights[path])


def test_a_batch_size_is_that_of_the_pipeline(model_fn, piped):
    with pytest.raises(ValueError, match="`batch_size` must be left out: .* batches of 64"):
        recipes.snip(model_fn, piped, batch_size=32)


def test_a_learning_rate_that_a_callback_has_lowered_is_the_first_one_again(keras, model_fn, data):
    rates = []

    def callbacks(keras):
        def noted(epoch):
            optimizer = model_of[0].optimizer
            rates.append(round(float(optimizer.learning_rate), 6))

        model_of = []
        seen = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: noted(epoch))
        set_model = seen.set_model
        seen.set_model = lambda model: (model_of.append(model), set_model(model))
        plateau = keras.callbacks.ReduceLROnPlateau(patience=1, min_delta=1e9, factor=0.1)
        return [seen, plateau]

    recipes.lottery_ticket(
        model_fn,
        data,
        num_steps=6,
        eval_every=2,
        callbacks=callbacks,
        controls=("reinitialize",),
        **HALF,
    )
    assert rates == [0.1, 0.1, 0.01] * 3


def test_training_that_stops_early_is_a_level_all_the_same(model_fn, data):
    def callbacks(keras):
        return keras.callbacks.EarlyStopping(patience=1, min_delta=1e9)

    found = recipes.lottery_ticket(
        model_fn, data, num_steps=20, eval_every=5, callbacks=callbacks, controls=(), **HALF
    )
    assert [level.log["end_step"] for level in found.levels[0]] == [10, 10]


def test_a_network_that_was_trained_before_starts_from_what_it_has_learned(model_fn, data):
    trained = model_fn()
    trained.fit(data.train.x[:64], data.train.y[:64], verbose=0)
    start = [w.copy() for w in trained.get_weights()]
    found = recipes.lottery_ticket(lambda: trained, data, num_steps=2, controls=(), **HALF)
    held = found.levels[0][0].ticket.weights.values()
    assert all(np.array_equal(a, b) for a, b in zip(held, start, strict=True))
    assert found.level.log["start_step"] == 0


def test_one_hot_targets_are_told_before_training(model_fn, data):
    one_hot = np.eye(10, dtype=np.float32)[data.train.y]
    with pytest.raises(ValueError, match="The targets are one-hot: give class numbers"):
        recipes.lottery_ticket(model_fn, (data.train.x, one_hot), num_steps=2)


def test_find_ticket_trains_on_whatever_the_caller_trains_on(model_fn, data, piped):
    x, y = data.train.x[:50], data.train.y[:50]

    def train(model, callbacks):
        return model.fit(piped["train"], verbose=0, shuffle=False, callbacks=callbacks).history

    model = model_fn()
    evidence = Evidence({}, batch=(x, y), loss=model.loss)
    levels = find_ticket(model, train, schedule=OneShot(0.5), score="snip", evidence=evidence)
    assert [round(level.sparsity, 2) for level in levels] == [0.0, 0.5]
