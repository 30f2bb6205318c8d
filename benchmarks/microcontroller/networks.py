"""Small networks, each with an operator that microcontrollers may know or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

_ACTIVATIONS = (
    *("relu", "relu6", "leaky_relu", "elu", "selu", "sigmoid", "hard_sigmoid", "tanh"),
    *("softplus", "softsign", "silu", "gelu", "mish", "softmax", "log_softmax", "exponential"),
)


def networks(keras: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yields names, and functions that make a network.

    Args:
        keras: the module.
    """
    layers = keras.layers
    for name in _ACTIVATIONS:
        yield f"activation: {name}", _around(keras, layers.Activation(name))
    for name, layer in {
        "prelu": lambda: layers.PReLU(),
        "conv strided": lambda: layers.Conv2D(6, 3, strides=2, padding="same"),
        "conv dilated": lambda: layers.Conv2D(6, 3, dilation_rate=2),
        "conv grouped": lambda: layers.Conv2D(8, 3, groups=2),
        "depthwise": lambda: layers.DepthwiseConv2D(3, depth_multiplier=2),
        "separable": lambda: layers.SeparableConv2D(6, 3),
        "transposed": lambda: layers.Conv2DTranspose(4, 3, strides=2),
        "max pool": lambda: layers.MaxPooling2D(),
        "average pool": lambda: layers.AveragePooling2D(2),
        "global max pool": lambda: layers.GlobalMaxPooling2D(keepdims=True),
        "upsampling nearest": lambda: layers.UpSampling2D(),
        "upsampling bilinear": lambda: layers.UpSampling2D(interpolation="bilinear"),
        "zero padding": lambda: layers.ZeroPadding2D(1),
        "cropping": lambda: layers.Cropping2D(1),
        "permute": lambda: layers.Permute((2, 1, 3)),
        "reshape": lambda: layers.Reshape((4, 16, 4)),
        "batch norm": lambda: layers.BatchNormalization(),
        "layer norm": lambda: layers.LayerNormalization(),
        "unit norm": lambda: layers.UnitNormalization(),
        "rescaling": lambda: layers.Rescaling(0.5, 1.0),
    }.items():
        yield name, _around(keras, layer())
    dilated = layers.Conv2D(6, 3, dilation_rate=2)
    yield "conv dilated, batch of 1", _around(keras, dilated, batch_size=1)
    for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"):
        yield f"two paths: {name.lower()}", _two(keras, getattr(layers, name))
    for name in ("LSTM", "GRU", "SimpleRNN"):
        kind = getattr(layers, name)
        yield f"unrolled {name}", _sequence(keras, kind(6, unroll=True))
        yield f"unrolled {name}, batch of 1", _sequence(keras, kind(6, unroll=True), batch_size=1)
    yield "conv 1d", _sequence(keras, layers.Conv1D(6, 3))
    yield "attention", _attention(keras)
    yield "embedding", _embedding(keras)


def dense(keras: Any) -> Any:
    """A dense network of which nine blocks of 1 × 4 in ten are zero."""
    import numpy as np

    layers = keras.layers
    model = keras.Sequential(
        [layers.Input((64,)), layers.Dense(96, activation="relu"), layers.Dense(10)]
    )
    kernel, bias = model.layers[0].get_weights()
    kept = np.random.default_rng(1).random((16, 1, 96)) < 0.1
    model.layers[0].set_weights([(kernel.reshape(16, 4, 96) * kept).reshape(64, 96), bias])
    return model


def _around(keras: Any, layer: Any, batch_size: int | None = None) -> Callable[[], Any]:
    def make() -> Any:
        layers = keras.layers
        given = keras.Input((8, 8, 3), batch_size=batch_size, name="image")
        x = layer(layers.Conv2D(4, 3, padding="same", name="first")(given))
        x = layers.Conv2D(5, 1, name="last")(x)
        return keras.Model(given, layers.Dense(4)(layers.GlobalAveragePooling2D()(x)))

    return make


def _two(keras: Any, joined: Any) -> Callable[[], Any]:
    def make() -> Any:
        layers = keras.layers
        given = keras.Input((8, 8, 3), name="image")
        paths = [layers.Conv2D(4, 3, padding="same", activation=a)(given) for a in ("relu", None)]
        return keras.Model(given, layers.Dense(4)(layers.Flatten()(joined()(paths))))

    return make


def _sequence(keras: Any, layer: Any, batch_size: int | None = None) -> Callable[[], Any]:
    def make() -> Any:
        given = keras.Input((6, 5), batch_size=batch_size, name="sequence")
        x = keras.layers.Flatten()(layer(given))
        return keras.Model(given, keras.layers.Dense(4)(x))

    return make


def _attention(keras: Any) -> Callable[[], Any]:
    def make() -> Any:
        given = keras.Input((6, 8), name="sequence")
        x = keras.layers.MultiHeadAttention(2, 4)(given, given)
        return keras.Model(given, keras.layers.Dense(4)(keras.layers.Flatten()(x)))

    return make


def _embedding(keras: Any) -> Callable[[], Any]:
    def make() -> Any:
        given = keras.Input((6,), dtype="int32", name="tokens")
        x = keras.layers.Flatten()(keras.layers.Embedding(20, 4)(given))
        return keras.Model(given, keras.layers.Dense(4)(x))

    return make
