"""A small network with layers of every kind that a random one can approximate."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def target(keras):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((7, 6, 2)),
            layers.Conv2D(
                4,
                (3, 4),
                strides=2,
                padding="same",
                activation="relu",
                name="rows",
                bias_initializer="random_normal",
            ),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(6, activation="relu", bias_initializer="random_normal", name="hidden"),
            layers.Dense(3, use_bias=False, name="output"),
        ]
    )


@pytest.fixture
def images():
    return np.random.default_rng(0).normal(size=(5, 7, 6, 2)).astype(np.float32)
