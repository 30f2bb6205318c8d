"""Three small networks of tf_keras, whose Keras tfmot takes: plain, MobileNet-like and residual."""

from __future__ import annotations

from typing import Any

import tf_keras

__all__ = ["NETWORKS"]

_LAYERS = tf_keras.layers


def _normalized(x: Any, layer: Any) -> Any:
    return _LAYERS.ReLU()(_LAYERS.BatchNormalization(momentum=0.9)(layer(x)))


def _conv(filters: int, size: int = 3, strides: int = 1) -> Any:
    return _LAYERS.Conv2D(filters, size, strides=strides, padding="same", use_bias=False)


def _plain() -> Any:
    given = x = tf_keras.Input((28, 28, 1))
    for filters in (16, 32, 32):
        x = _normalized(x, _conv(filters, strides=2))
    x = _LAYERS.Dense(64, activation="relu")(_LAYERS.Flatten()(x))
    return tf_keras.Model(given, _LAYERS.Dense(10)(x))


def _mobilenet() -> Any:
    given = tf_keras.Input((32, 32, 3))
    x = _normalized(given, _conv(16, strides=2))
    for filters, strides in ((32, 1), (64, 2), (64, 1), (128, 2), (128, 1)):
        depthwise = _LAYERS.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)
        x = _normalized(_normalized(x, depthwise), _conv(filters, 1))
    x = _LAYERS.GlobalAveragePooling2D()(x)
    return tf_keras.Model(given, _LAYERS.Dense(10)(x))


def _residual() -> Any:
    given = tf_keras.Input((32, 32, 3))
    x = _normalized(given, _conv(16, strides=2))
    for filters, strides in ((16, 1), (32, 2), (64, 2)):
        y = _normalized(x, _conv(filters, strides=strides))
        y = _LAYERS.BatchNormalization(momentum=0.9)(_conv(filters)(y))
        if strides > 1:
            x = _LAYERS.BatchNormalization(momentum=0.9)(_conv(filters, 1, strides)(x))
        x = _LAYERS.ReLU()(_LAYERS.Add()([x, y]))
    x = _LAYERS.GlobalAveragePooling2D()(x)
    return tf_keras.Model(given, _LAYERS.Dense(10)(x))


#: By name: what makes it, its data, steps of its first training and of each one after that.
NETWORKS: dict[str, tuple[Any, str, int, int]] = {
    "plain": (_plain, "mnist", 1_500, 400),
    "mobilenet": (_mobilenet, "cifar10_jpeg", 2_000, 500),
    "residual": (_residual, "cifar10_jpeg", 2_000, 500),
}
