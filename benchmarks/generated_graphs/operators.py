"""Operators to put into a network: each takes an image `[n, h, w, c]` and returns one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

L, K = keras.layers, keras.ops
Operator = Callable[[Any], Any]


def constant(*shape: int) -> np.ndarray:
    """Numbers around 1 that differ from place to place."""
    return np.random.default_rng(7).uniform(0.5, 1.5, shape).astype(np.float32)


def shapes(x: Any) -> dict[str, np.ndarray]:
    """Constants that an image can be combined with, from one number to one per element."""
    h, w, c = x.shape[1:]
    return {
        "scalar": np.float32(0.7),
        "vector": constant(c),
        "1x1x1xc": constant(1, 1, 1, c),
        "1x1x1x1": constant(1, 1, 1, 1),
        "1xhxwx1": constant(1, h, w, 1),
        "full": constant(1, h, w, c),
    }


UNARY: dict[str, Operator] = {
    "relu": L.ReLU(),
    "relu6": L.ReLU(6.0),
    "elu": L.ELU(),
    "selu": lambda x: K.selu(x),
    "sigmoid": lambda x: K.sigmoid(x),
    "swish": lambda x: K.silu(x),
    "hard_sigmoid": lambda x: K.hard_sigmoid(x),
    "hard_swish": lambda x: K.hard_silu(x),
    "tanh": lambda x: K.tanh(x),
    "hard_tanh": lambda x: K.hard_tanh(x),
    "gelu": lambda x: K.gelu(x, approximate=False),
    "gelu approximate": lambda x: K.gelu(x, approximate=True),
    "softplus": lambda x: K.softplus(x),
    "softsign": lambda x: K.softsign(x),
    "mish": lambda x: x * K.tanh(K.softplus(x)),
    "softmax": lambda x: K.softmax(x),
    "leaky_relu": lambda x: K.leaky_relu(x, 0.2),
    "exp": lambda x: K.exp(0.1 * x),
    "neg": lambda x: -x,
    "abs": lambda x: K.abs(x),
    "square": lambda x: K.square(x),
    "sqrt": lambda x: K.sqrt(K.abs(x)),
    "rsqrt": lambda x: K.rsqrt(K.exp(x)),
    "sin": lambda x: K.sin(x),
    "cos": lambda x: K.cos(x),
    "log": lambda x: K.log(K.exp(x)),
    "floor": lambda x: K.floor(4 * x),
    "ceil": lambda x: K.ceil(4 * x),
    "round": lambda x: K.round(4 * x),
    "sign": lambda x: K.sign(x),
    "erf": lambda x: K.erf(x),
    "clip": lambda x: K.clip(x, -0.5, 0.5),
    "clip -1 to 1": lambda x: K.clip(x, -1.0, 1.0),
}

BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda x, y: K.add(x, y),
    "add to": lambda x, y: K.add(y, x),
    "mul": lambda x, y: K.multiply(x, y),
    "mul to": lambda x, y: K.multiply(y, x),
    "sub": lambda x, y: K.subtract(x, y),
    "sub from": lambda x, y: K.subtract(y, x),
    "div": lambda x, y: K.divide(x, y),
    "div into": lambda x, y: K.divide(y, K.abs(x) + 1),
    "maximum": lambda x, y: K.maximum(x, y),
    "minimum": lambda x, y: K.minimum(x, y),
    "squared difference": lambda x, y: K.square(K.subtract(x, y)),
    "pow": lambda x, y: K.power(K.abs(x) + 0.1, y),
}


def prelu(x: Any, shared: Any) -> Any:
    start = keras.initializers.RandomUniform(0.1, 0.4, seed=3)
    return L.PReLU(alpha_initializer=start, shared_axes=shared)(x)


def batch_norm(x: Any) -> Any:
    """Normalisation with statistics other than 0 and 1."""
    return L.BatchNormalization(
        beta_initializer=keras.initializers.RandomNormal(seed=4),
        gamma_initializer=keras.initializers.RandomUniform(0.5, 1.5, seed=5),
        moving_mean_initializer=keras.initializers.RandomNormal(seed=6),
        moving_variance_initializer=keras.initializers.RandomUniform(0.5, 1.5, seed=7),
    )(x)


NORMALISING: dict[str, Operator] = {
    "prelu shared": lambda x: prelu(x, [1, 2, 3]),
    "prelu per channel": lambda x: prelu(x, [1, 2]),
    "prelu per element": lambda x: prelu(x, None),
    "batch norm": batch_norm,
    "batch norm after relu": lambda x: batch_norm(L.ReLU()(x)),
    "layer norm": lambda x: L.LayerNormalization()(x),
    "group norm": lambda x: L.GroupNormalization(4)(x),
    "unit norm": lambda x: L.UnitNormalization()(x),
    "rescaling": lambda x: L.Rescaling(1.5, 0.1)(x),
    "rescaling without offset": lambda x: L.Rescaling(1.5)(x),
    "normalization": lambda x: L.Normalization(mean=0.1, variance=2.0)(x),
}


def padded(layer: Any, padding: Any) -> Operator:
    return lambda x: layer(L.ZeroPadding2D(padding)(x))


def convolutions() -> dict[str, Operator]:
    """Convolutions in every form, made anew, for a layer belongs to one network."""
    deep, sep = L.DepthwiseConv2D, L.SeparableConv2D
    return {
        "1x1": L.Conv2D(32, 1),
        "1x1 without bias": L.Conv2D(32, 1, use_bias=False),
        "1x1 one channel": L.Conv2D(1, 1),
        "1x1 groups 2": L.Conv2D(32, 1, groups=2),
        "1x1 groups 4": L.Conv2D(32, 1, groups=4),
        "1x1 groups 16": L.Conv2D(32, 1, groups=16),
        "1x1 stride 2": L.Conv2D(32, 1, strides=2),
        "1x1 stride 1x2": L.Conv2D(32, 1, strides=(1, 2)),
        "1x1 padded": padded(L.Conv2D(32, 1), 1),
        "3x3": L.Conv2D(32, 3, padding="same"),
        "3x3 groups 2": L.Conv2D(32, 3, padding="same", groups=2),
        "3x3 valid": L.Conv2D(32, 3),
        "3x3 stride 2": L.Conv2D(32, 3, strides=2, padding="same"),
        "3x3 stride 2 padded": padded(L.Conv2D(32, 3, strides=2), 1),
        "3x3 dilated": L.Conv2D(32, 3, padding="same", dilation_rate=2),
        "5x5": L.Conv2D(32, 5, padding="same"),
        "1x3": L.Conv2D(32, (1, 3), padding="same"),
        "transposed 2x2 stride 2": L.Conv2DTranspose(32, 2, strides=2),
        "transposed 3x3": L.Conv2DTranspose(32, 3, padding="same"),
        "transposed 1x1": L.Conv2DTranspose(32, 1),
        "depthwise 3x3": deep(3, padding="same"),
        "depthwise 5x5": deep(5, padding="same"),
        "depthwise 7x7": deep(7, padding="same"),
        "depthwise 1x1": deep(1),
        "depthwise 2x2": deep(2, padding="same"),
        "depthwise 1x3": deep((1, 3), padding="same"),
        "depthwise 3x3 valid": deep(3),
        "depthwise dilated": deep(3, padding="same", dilation_rate=2),
        "depthwise multiplier 2": deep(3, padding="same", depth_multiplier=2),
        "depthwise same stride 2": deep(3, padding="same", strides=2),
        "depthwise padded": padded(deep(3), 1),
        "depthwise padded stride 2": padded(deep(3, strides=2), 1),
        "depthwise 5x5 padded stride 2": padded(deep(5, strides=2), 2),
        "depthwise padded at one end": padded(deep(3, strides=2), ((0, 1), (0, 1))),
        "depthwise padded by 2": padded(deep(3, strides=2), 2),
        "depthwise same, padded": padded(deep(3, padding="same"), 1),
        "separable": sep(32, 3, padding="same"),
        "dense of channels": L.Dense(32),
        "dense of channels with relu": L.Dense(32, activation="relu"),
    }


SHAPING: dict[str, Operator] = {
    "max pool": lambda x: L.MaxPooling2D()(x),
    "max pool 3x3 stride 1": lambda x: L.MaxPooling2D(3, strides=1, padding="same")(x),
    "average pool": lambda x: L.AveragePooling2D(2)(x),
    "average pool 3x3 stride 1": lambda x: L.AveragePooling2D(3, strides=1, padding="same")(x),
    "upsampling nearest": lambda x: L.UpSampling2D()(x),
    "upsampling bilinear": lambda x: L.UpSampling2D(interpolation="bilinear")(x),
    "resizing": lambda x: L.Resizing(5, 7)(x),
    "resizing to one": lambda x: L.Resizing(1, 1)(x),
    "depth to space": lambda x: depth_to_space(x),
    "space to depth": lambda x: space_to_depth(x),
    "cropping": lambda x: L.Cropping2D(1)(x),
    "padding": lambda x: L.ZeroPadding2D(1)(x),
    "flip": lambda x: K.flip(x, axis=1),
    "transpose": lambda x: K.transpose(x, (0, 2, 1, 3)),
    "reshape and back": lambda x: L.Reshape(x.shape[1:])(batch_norm(L.Flatten()(x))),
    "reshape in space": lambda x: L.Reshape((x.shape[1] // 2, x.shape[2] * 2, x.shape[3]))(x),
    "channel shuffle": lambda x: shuffle(x),
    "half of the channels": lambda x: x[..., ::2],
    "first channels": lambda x: x[..., : x.shape[-1] // 2],
    "every second row": lambda x: x[:, ::2],
    "roll": lambda x: K.roll(x, 1, axis=2),
    "tile": lambda x: K.tile(x, (1, 1, 2, 1)),
    "gather": lambda x: K.take(x, np.arange(x.shape[-1])[::-1], axis=-1),
    "split and joined": lambda x: K.concatenate(K.split(x, 2, axis=-1)[::-1], axis=-1),
    "doubled": lambda x: K.concatenate([x, x], axis=-1),
    "doubled in space": lambda x: K.concatenate([x, x], axis=1),
    "cumulative sum": lambda x: K.cumsum(x, axis=1),
}


def depth_to_space(x: Any) -> Any:
    import tensorflow as tf

    return L.Lambda(lambda t: tf.nn.depth_to_space(t, 2))(x)


def space_to_depth(x: Any) -> Any:
    import tensorflow as tf

    return L.Lambda(lambda t: tf.nn.space_to_depth(t, 2))(x)


def shuffle(x: Any) -> Any:
    h, w, c = x.shape[1:]
    turned = K.transpose(K.reshape(x, (-1, h, w, 4, c // 4)), (0, 1, 2, 4, 3))
    return K.reshape(turned, (-1, h, w, c))
