"""A net small enough to check by eye, its masks, and what must hold while they are in force."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket import _keras, _optimizers, weights
from tfticket.masks import Masks

X = np.random.default_rng(0).normal(size=(24, 5)).astype(np.float32)
Y = np.random.default_rng(1).integers(0, 3, size=24)


@pytest.fixture
def data():
    """24 examples with 5 features and one of 3 labels: 4 batches of 6."""
    return X, Y


@pytest.fixture
def net(keras):
    """Makes a Dense net of 5-6-3, always with the same weights, compiled."""

    def make(optimizer="adam", **options):
        layers = keras.layers
        keras.utils.set_random_seed(7)
        hidden = layers.Dense(6, activation="tanh", name="hidden")
        model = keras.Sequential([layers.Input((5,)), hidden, layers.Dense(3, name="out")])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer, loss, **options)
        return model

    return make


@pytest.fixture
def draw():
    """Draws masks that keep about a density of each prunable weight."""

    def masks(model, density=0.4, seed=3, prunable=None):
        rng = np.random.default_rng(seed)
        found = weights.prunable_weights(model, prunable).variables
        return Masks({p: rng.random(tuple(v.shape)) < density for p, v in found.items()})

    return masks


@pytest.fixture
def leaks():
    """Counts pruned weights that are not at their values, and slots that carry something."""

    def count(model, masks, values=None, optimizer=None):
        variables, wrong = weights.variables(model), {}
        for path, mask in masks.items():
            expected = 0 if values is None else values[path][~mask]
            held = _keras.to_numpy(variables[path])[~mask]
            wrong[path] = np.count_nonzero(held != expected)
            for slot in _optimizers.slots(optimizer or model.optimizer, variables[path]):
                empty = expected if slot.is_average else slot.initial
                carried = _keras.to_numpy(slot.variable)[~mask]
                wrong[f"{path}:{slot.variable.name}"] = np.count_nonzero(carried != empty)
        return {name: n for name, n in wrong.items() if n}

    return count
