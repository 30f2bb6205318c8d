"""A small network and small data for every recipe."""

from __future__ import annotations

import pytest

from tfticket import zoo


@pytest.fixture(scope="module")
def data():
    return zoo.load_data("digits")


@pytest.fixture
def model_fn(keras):
    """One hidden layer of 20: 64 x 20 + 20 x 10 = 1 480 prunable weights."""

    def build():
        model = keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                keras.layers.Flatten(),
                keras.layers.Dense(20, activation="relu", name="hidden"),
                keras.layers.Dense(10, name="output"),
            ]
        )
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss, metrics=["accuracy"])
        return model

    return build
