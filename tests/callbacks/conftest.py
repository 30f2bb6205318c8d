"""A small classifier on 256 examples: eight steps an epoch; 576 prunable weights."""

from __future__ import annotations

import numpy as np
import pytest

X = np.random.default_rng(0).normal(size=(256, 16)).astype("float32")
Y = (X[:, 0] > 0).astype(int)


@pytest.fixture
def net(keras):
    """Makes the classifier, compiled; `units` are those of its hidden layer."""

    def make(optimizer="sgd", units=32):
        keras.utils.set_random_seed(0)
        layers = keras.layers
        hidden = layers.Dense(units, activation="relu", name="a")
        model = keras.Sequential([layers.Input((16,)), hidden, layers.Dense(2, name="b")])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer, loss)
        return model

    return make


@pytest.fixture
def fit():
    """Fits it, eight steps an epoch."""

    def run(model, *callbacks, epochs=4, **options):
        options = {"batch_size": 32, "verbose": 0, **options}
        return model.fit(X, Y, epochs=epochs, callbacks=list(callbacks), **options)

    return run


@pytest.fixture
def num_zeros():
    """Counts the zeros of a model's kernels."""

    def count(model):
        kernels = [np.asarray(w) for w in model.get_weights() if np.ndim(w) > 1]
        return int(sum((k == 0).sum() for k in kernels))

    return count
