"""Graphs that XNNPACK rewrites for sparse convolutions on ARM: one sound, three not."""

from __future__ import annotations

from typing import Any

import numpy as np

SHAPE = (16, 16, 3)
SPARSITY = 0.8


def examples() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(12, *SHAPE)).astype(np.float32)


def sound(keras: Any) -> Any:
    """What phones compute sparsely: a padded 3x3 stem, depthwise and 1x1 convolutions, a mean."""
    x, entry = _entry(keras)
    return _ended(keras, entry, _block(keras, _block(keras, x, 32), 32))


def pool_inside(keras: Any) -> Any:
    """The same with a max pool inside, which is not rewritten (G5)."""
    x, entry = _entry(keras)
    x = keras.layers.MaxPooling2D(name="pool")(_block(keras, x, 32))
    return _ended(keras, entry, _block(keras, x, 32))


def convolution_inside(keras: Any) -> Any:
    """The same with a 3x3 convolution inside (G5)."""
    x, entry = _entry(keras)
    x = keras.layers.Conv2D(32, 3, padding="same", name="inner")(_block(keras, x, 32))
    return _ended(keras, entry, _block(keras, x, 32))


def kept_dimensions(keras: Any) -> Any:
    """The same, its mean keeping its dimensions for a 1x1 convolution (G6)."""
    layers = keras.layers
    x, entry = _entry(keras)
    x = layers.GlobalAveragePooling2D(keepdims=True, name="mean")(_block(keras, x, 32))
    head = layers.Flatten(name="flatten")(layers.Conv2D(10, 1, name="head")(x))
    return _pruned(keras.Model(entry, head))


NETWORKS = {
    "sound": sound,
    "pool inside": pool_inside,
    "3x3 convolution inside": convolution_inside,
    "mean with kept dimensions": kept_dimensions,
}


def _entry(keras: Any) -> tuple[Any, Any]:
    layers = keras.layers
    keras.utils.set_random_seed(0)
    entry = layers.Input(SHAPE, name="input_0")
    x = layers.ZeroPadding2D(1, name="padding")(entry)
    x = layers.Conv2D(16, 3, strides=2, activation="relu", name="stem")(x)
    return x, entry


def _block(keras: Any, x: Any, channels: int) -> Any:
    layers = keras.layers
    x = layers.DepthwiseConv2D(3, padding="same", activation="relu")(x)
    return layers.Conv2D(channels, 1, activation="relu")(x)


def _ended(keras: Any, entry: Any, x: Any) -> Any:
    layers = keras.layers
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    return _pruned(keras.Model(entry, layers.Dense(10, name="head")(x)))


def _pruned(model: Any) -> Any:
    generator = np.random.default_rng(0)
    for layer in model.layers:
        values = layer.get_weights()
        if values and values[0].ndim == 4 and values[0].shape[:2] == (1, 1):
            values[0] = values[0] * (generator.random(values[0].shape) >= SPARSITY)
            layer.set_weights(values)
    return model
