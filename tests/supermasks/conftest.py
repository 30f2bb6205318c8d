"""A small network with every kind of layer that converting must know, in either Keras."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def make_network(keras):
    """Makes a functional model: convolutions, normalisation, residual sums, a nested Sequential."""
    layers = keras.layers

    def make(name="network"):
        image = layers.Input((6, 6, 2), name="image")
        y = layers.Conv2D(4, 3, padding="same", use_bias=False, name="conv")(image)
        y = layers.BatchNormalization(name="norm")(y)
        y = layers.ReLU(name="relu")(y)
        y = layers.Add(name="sum")([y, layers.DepthwiseConv2D(3, padding="same", name="each")(y)])
        inner = keras.Sequential(
            [
                layers.Input((6, 6, 4)),
                layers.Conv2DTranspose(3, 2, strides=2, name="up"),
                layers.Dropout(0.1, name="dropout"),
                layers.Flatten(name="flatten"),
            ],
            name="inner",
        )
        y = inner(y + y)  # an operation, which is no layer in Keras 3
        return keras.Model(image, layers.Dense(3, name="output")(y), name=name)

    return make


@pytest.fixture
def make_small(keras):
    """Makes a Sequential model of a depthwise convolution and a Dense layer."""
    layers = keras.layers

    def make():
        return keras.Sequential(
            [
                layers.Input((6, 6, 2)),
                layers.DepthwiseConv2D(3, activation="relu", name="each"),
                layers.Flatten(name="flatten"),
                layers.Dense(3, name="output"),
            ],
            name="small",
        )

    return make


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    return rng.random((8, 6, 6, 2), np.float32), rng.random((8, 3), np.float32)


KERNELS = ["conv/kernel", "each/kernel", "inner/up/kernel", "output/kernel"]
