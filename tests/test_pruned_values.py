"""Pruned weights held at other values than 0, through a whole search."""

import itertools

import numpy as np
import pytest

from tfticket.lottery import find_ticket, train_ticket
from tfticket.schedules import Exponential
from tfticket.weights import read_all

RNG = np.random.default_rng(0)
X = RNG.standard_normal((64, 6)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.int64) + (X[:, 1] > 0)


def make_model(keras):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [layers.Input((6,)), layers.Dense(16, "relu", name="a"), layers.Dense(3, name="b")]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.05), loss)
    return model


def train(model, callbacks):
    model.fit(X, Y, batch_size=16, epochs=2, callbacks=callbacks, verbose=0)


@pytest.mark.parametrize("pruned", ["freeze_at_init", "zero_if_toward_zero"])
def test_pruned_weights_are_where_they_were_decided_to_be_at_every_level(keras, pruned):
    model = make_model(keras)
    initial = read_all(model)
    action = {"name": "rescale", "action": {"name": "rewind", "step": "2it"}}
    schedule = Exponential.at_rate(0.3, 3)
    levels = list(find_ticket(model, train, schedule=schedule, pruned=pruned, action=action))
    levels.append(train_ticket(make_model(keras), train, levels[-1].ticket))
    for before, level in itertools.pairwise(levels[:4]):
        for path, mask in level.masks.items():
            held, first = level.trained.weights[path][~mask], initial[path][~mask]
            moved = np.abs(before.trained.weights[path][~mask]) < np.abs(first)
            zero = moved if pruned == "zero_if_toward_zero" else np.zeros_like(moved)
            assert np.array_equal(held, np.where(zero, 0, first))
    for path, mask in levels[3].masks.items():
        alone, found = levels[4].trained.weights[path], levels[3].trained.weights[path]
        assert np.array_equal(alone[~mask], found[~mask])
