"""Whatever the layers: every kind with a kernel, nested, shared, in a class of one's own."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfticket import Filter, enforce, weights


def step(model, inputs, leaks, masks):
    model.compile("adam", "mse", run_eagerly=True)
    with enforce(model, masks):
        for _ in range(2):
            model.train_on_batch(inputs, np.ones((2, 1), np.float32))
            assert leaks(model, masks) == {}
    changed = [np.any(w[masks[p]]) for p, w in weights.read(model).items() if p in masks]
    assert all(changed)


def test_kernels_of_every_kind_of_layer(keras, draw, leaks):
    layers = keras.layers
    words, picture = layers.Input((3,), dtype="int32"), layers.Input((5, 5, 2))
    x = layers.Embedding(6, 4)(words)
    x = layers.Bidirectional(layers.GRU(3, return_sequences=True))(x)
    x = layers.MultiHeadAttention(2, 2)(x, x)
    x = layers.TimeDistributed(layers.Dense(2))(x)
    y = layers.SeparableConv2D(3, 2)(picture)
    y = layers.DepthwiseConv2D(2)(y)
    y = layers.Conv2DTranspose(2, 2)(y)
    y = layers.Conv2D(2, 2)(layers.BatchNormalization()(y))
    z = layers.Concatenate()([layers.Flatten()(x), layers.Flatten()(y)])
    model = keras.Model([words, picture], layers.Dense(1)(z))
    inputs = [np.array([[1, 2, 2], [0, 5, 1]], np.int32), np.ones((2, 5, 5, 2), np.float32)]
    masks = draw(model, prunable=Filter(kinds=("kernel", "embedding")))
    assert len(masks) == 16
    step(model, inputs, leaks, masks)


def test_nested_shared_and_subclassed_models(keras, draw, leaks):
    layers = keras.layers

    class Twice(keras.Model):
        def __init__(self):
            super().__init__()
            shared = layers.Dense(4, activation="relu")
            self.inner = keras.Sequential([layers.Input((4,)), shared, layers.Dense(4), shared])
            self.head = layers.Dense(1)

        def call(self, inputs):
            return self.head(self.inner(self.inner(inputs)))

    model = Twice()
    model(tf.ones((2, 4)))
    masks = draw(model)
    assert len(masks) == 3
    step(model, np.ones((2, 4), np.float32), leaks, masks)
