"""A small network with kernels of every kind that factorised layers have to match."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def network(keras):
    """Convolutions with strides, dilation and padding, and two Dense layers; 4 637 parameters."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((12, 10, 3)),
            layers.Conv2D(16, (3, 5), strides=2, padding="same", activation="relu", name="rows"),
            layers.Conv2D(20, 3, dilation_rate=2, use_bias=False, name="spread"),
            layers.Flatten(),
            layers.Dense(24, activation="relu", bias_initializer="random_normal", name="hidden"),
            layers.Dense(1, name="output"),
        ]
    )


@pytest.fixture
def images():
    return np.random.default_rng(0).normal(size=(4, 12, 10, 3)).astype(np.float32)
