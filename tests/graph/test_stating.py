"""Layers that state how many channels they return."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket.graph import channel_graph
from tfticket.slimming import channel_masks, max_relative_difference, shrink


def siamese(keras, compare):
    """Two inputs through one layer of 8 units, which `compare` puts together."""
    dense = keras.layers.Dense(8, activation="relu", bias_initializer="ones", name="dense")
    left, right = keras.Input((4,)), keras.Input((4,))
    return keras.Model(
        [left, right], keras.layers.Dense(2, name="last")(compare(keras, dense(left), dense(right)))
    )


def by_tuple(keras, a, b):
    return keras.layers.Lambda(lambda t: abs(t[0] - t[1]), output_shape=(8,))([a, b])


def by_function(keras, a, b):
    return keras.layers.Lambda(lambda t: abs(t[0] - t[1]), output_shape=lambda s: s[0])([a, b])


def by_own_layer(keras, a, b):
    class Distance(keras.layers.Layer):
        def __init__(self, units, **options):
            super().__init__(**options)
            self.units = units

        def call(self, pair):
            return abs(pair[0] - pair[1])

        def compute_output_shape(self, shapes):
            return (*shapes[0][:-1], self.units)

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    return Distance(8)([a, b])


@pytest.mark.parametrize("compare", [by_tuple, by_function, by_own_layer])
def test_a_stated_number_of_channels_goes_down_with_them(keras, compare):
    model = siamese(keras, compare)
    masks = channel_masks(model, 0.5)
    shrunk = shrink(model, masks).model
    inputs = list(np.random.default_rng(0).random((2, 5, 4), np.float32))
    assert max_relative_difference(model, masks, shrunk, inputs) < 1e-6
    assert shrunk.get_layer("dense").units == 4


def test_a_number_that_stands_nowhere_keeps_the_channels(keras):
    def compare(keras, a, b):
        shape = lambda shapes: (shapes[0][0], 8)  # noqa: E731
        return keras.layers.Lambda(lambda t: abs(t[0] - t[1]), output_shape=shape)([a, b])

    graph = channel_graph(siamese(keras, compare))
    assert graph.groups == {}
    assert "states the number" in str(graph)
