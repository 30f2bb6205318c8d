"""A network whose middle layer collapses first."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket.weights import read_all, write


@pytest.fixture
def model(keras):
    """The second of three layers has by far the smallest weights."""
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((10,)),
            layers.Dense(20, name="first", use_bias=False),
            layers.Dense(20, name="second", use_bias=False),
            layers.Dense(5, name="third", use_bias=False),
        ]
    )
    values = {"first": (1.0, 2.0, 200), "second": (0.1, 0.2, 400), "third": (1.0, 2.0, 100)}
    for name, (low, high, size) in values.items():
        path = f"{name}/kernel"
        spaced = np.linspace(low, high, size, dtype=np.float32)
        write(model, {path: spaced.reshape(read_all(model)[path].shape)})
    return model
