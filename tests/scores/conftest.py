"""Small networks that the tests of scores share, and an independent synaptic flow in numpy."""

from __future__ import annotations

import types

import numpy as np
import pytest


def dense(keras, sizes, head=None, activation="relu", seed=0):
    """A stack of dense layers with random biases of 0."""
    layers = keras.layers
    keras.utils.set_random_seed(seed)
    x = inputs = layers.Input((sizes[0],))
    for units in sizes[1:-1]:
        x = layers.Dense(units, activation=activation)(x)
    return keras.Model(inputs, layers.Dense(sizes[-1], activation=head)(x))


def convolutional(keras, head=None, activation="relu", seed=0):
    """Convolutions, normalisation, both poolings, dropout, dense."""
    layers = keras.layers
    keras.utils.set_random_seed(seed)
    inputs = layers.Input((8, 8, 2))
    x = layers.Conv2D(4, 3, padding="same", use_bias=False)(inputs)
    x = layers.Activation(activation)(layers.BatchNormalization()(x))
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(5, 3, activation=activation)(x)
    x = layers.Dropout(0.5)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.Dense(3, activation=head)(x))


def flow_of_dense(kernels):
    """SynFlow of a bias-free stack of dense layers, by matrix products from both ends."""
    kernels = [np.abs(k.astype(np.float64)) for k in kernels]
    reaching = [np.ones(kernels[0].shape[0])]
    for kernel in kernels:
        reaching.append(reaching[-1] @ kernel)
    leaving = [np.ones(kernels[-1].shape[1])]
    for kernel in reversed(kernels):
        leaving.append(kernel @ leaving[-1])
    pairs = zip(reaching, kernels, reversed(leaving[:-1]), strict=False)
    return [before[:, None] * kernel * after for before, kernel, after in pairs]


@pytest.fixture(scope="session")
def networks():
    """The functions above; test files cannot import each other."""
    return types.SimpleNamespace(
        dense=dense, convolutional=convolutional, flow_of_dense=flow_of_dense
    )
