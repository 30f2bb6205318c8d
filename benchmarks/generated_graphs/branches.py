"""What runs beside a network's main path, what ends it and what begins it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import operators

L, K = keras.layers, keras.ops
BESIDE = ("add", "mul", "sub", "sub from", "maximum", "minimum", "div into", "squared difference")


def squeeze(kind: str) -> operators.Operator:
    """Squeeze and excite: a gate per channel, made of the global average."""

    def apply(x: Any) -> Any:
        channels = x.shape[-1]
        gate = "hard_sigmoid" if "hard" in kind else "sigmoid"
        if "dense" in kind:
            y = L.Dense(8, activation="relu")(L.GlobalAveragePooling2D()(x))
            y = L.Reshape((1, 1, channels))(L.Dense(channels, activation=gate)(y))
        else:
            y = L.GlobalAveragePooling2D(keepdims=True)(x)
            if "reshaped" in kind:
                y = L.Reshape((1, 1, channels))(L.GlobalAveragePooling2D()(x))
            y = L.Conv2D(8, 1, activation="swish" if "swish" in kind else "relu")(y)
            y = L.Conv2D(channels, 1, activation=gate)(y)
        return x + y if "added" in kind else y * x if "gate first" in kind else x * y

    return apply


def residual(kind: str) -> operators.Operator:
    """Two ways from the same image, combined."""

    def apply(x: Any) -> Any:
        y = L.Conv2D(x.shape[-1], 1)(L.DepthwiseConv2D(3, padding="same", activation="relu")(x))
        if kind == "concatenate":
            return K.concatenate([x, y], axis=-1)
        if kind == "average":
            return L.Average()([x, y])
        if kind == "dot of channels":
            return x * K.sum(y, axis=-1, keepdims=True)
        return operators.BINARY[kind](x, y)

    return apply


def gated(kind: str) -> operators.Operator:
    """A statistic of the image, combined with it."""
    statistics = {
        "mean over rows": lambda x: K.mean(x, axis=1, keepdims=True),
        "mean over channels": lambda x: K.mean(x, axis=3, keepdims=True),
        "max over space": lambda x: K.max(x, axis=(1, 2), keepdims=True),
        "max over channels": lambda x: K.max(x, axis=3, keepdims=True),
        "sum over space": lambda x: K.sum(x, axis=(1, 2), keepdims=True),
        "mean over space": lambda x: K.mean(x, axis=(1, 2), keepdims=True),
        "mean over everything": lambda x: K.mean(x, axis=(1, 2, 3), keepdims=True),
        "mean of squares": lambda x: K.mean(K.square(x), axis=(1, 2), keepdims=True),
        "least over space": lambda x: K.min(x, axis=(1, 2), keepdims=True),
    }
    return lambda x: x * K.sigmoid(statistics[kind](x))


def two_convolutions(x: Any) -> Any:
    """Two 1x1 convolutions of the same image, one with groups."""
    return L.Conv2D(32, 1)(x) + L.Conv2D(32, 1, groups=4)(x)


BRANCHES = {
    **{f"residual {k}": residual(k) for k in (*BESIDE, "concatenate", "average")},
    "residual dot of channels": residual("dot of channels"),
    **{
        f"squeeze {k}": squeeze(k)
        for k in ("kept", "kept hard", "kept swish", "kept added", "kept gate first")
    },
    **{f"squeeze {k}": squeeze(k) for k in ("dense", "dense hard", "reshaped", "reshaped hard")},
    **{
        f"gate of {k}": gated(k)
        for k in (
            *("mean over rows", "mean over channels", "max over space", "max over channels"),
            *("sum over space", "mean over space", "mean over everything", "mean of squares"),
            "least over space",
        )
    },
    "two convolutions": two_convolutions,
    "residual over max pool": lambda x: x + L.MaxPooling2D(3, strides=1, padding="same")(x),
    "residual over 3x3": lambda x: x + L.Conv2D(x.shape[-1], 3, padding="same")(x),
    "residual over a scaled one": lambda x: x + x * operators.constant(x.shape[-1]),
    "square as a product": lambda x: x * x,
    "twice": lambda x: x + x,
    "added negative": lambda x: x + -L.Conv2D(x.shape[-1], 1)(x),
    "concatenate with 3x3": lambda x: K.concatenate([x, L.Conv2D(8, 3, padding="same")(x)], -1),
    "upsampled and added": lambda x: (
        x
        + L.UpSampling2D(interpolation="bilinear")(
            L.Conv2D(x.shape[-1], 1)(L.DepthwiseConv2D(3, strides=2)(L.ZeroPadding2D(1)(x)))
        )
    ),
}


HEADS = {
    "dense": lambda x: L.Dense(10)(L.GlobalAveragePooling2D()(x)),
    "average alone": lambda x: L.GlobalAveragePooling2D()(x),
    "average kept alone": lambda x: L.GlobalAveragePooling2D(keepdims=True)(x),
    "two dense": lambda x: L.Dense(10)(
        L.Dense(16, activation="relu")(L.GlobalAveragePooling2D()(x))
    ),
    "two dense, elu between": lambda x: L.Dense(10)(
        L.Dense(16, activation="elu")(L.GlobalAveragePooling2D()(x))
    ),
    "dense softmax": lambda x: L.Dense(10, activation="softmax")(L.GlobalAveragePooling2D()(x)),
    "batch norm, dense": lambda x: L.Dense(10)(operators.batch_norm(L.GlobalAveragePooling2D()(x))),
    "relu, dense": lambda x: L.Dense(10)(L.ReLU()(L.GlobalAveragePooling2D()(x) - 0.1)),
    "kept, flatten, dense": lambda x: L.Dense(10)(
        L.Flatten()(L.GlobalAveragePooling2D(keepdims=True)(x))
    ),
    "kept, 1x1, flatten": lambda x: L.Flatten()(
        L.Conv2D(10, 1)(L.GlobalAveragePooling2D(keepdims=True)(x))
    ),
    "kept, 1x1": lambda x: L.Conv2D(10, 1)(L.GlobalAveragePooling2D(keepdims=True)(x)),
    "kept, 1x1, softmax": lambda x: L.Softmax()(
        L.Conv2D(10, 1)(L.GlobalAveragePooling2D(keepdims=True)(x))
    ),
    "kept, two 1x1, flatten": lambda x: L.Flatten()(
        L.Conv2D(10, 1)(
            L.Conv2D(32, 1, activation="relu")(L.GlobalAveragePooling2D(keepdims=True)(x))
        )
    ),
    "kept, dense": lambda x: L.Dense(10)(L.GlobalAveragePooling2D(keepdims=True)(x)),
    "flatten, dense": lambda x: L.Dense(10)(L.Flatten()(x)),
    "flatten": lambda x: L.Flatten()(x),
    "global max, dense": lambda x: L.Dense(10)(L.GlobalMaxPooling2D()(x)),
    "average pool, flatten, dense": lambda x: L.Dense(10)(
        L.Flatten()(L.AveragePooling2D(x.shape[1])(x))
    ),
    "sum, dense": lambda x: L.Dense(10)(0.1 * K.sum(x, axis=(1, 2))),
    "mean of rows, dense": lambda x: L.Dense(10)(L.Flatten()(K.mean(x, axis=1))),
    "mean of channels": lambda x: K.mean(x, axis=3),
    "mean of channels kept": lambda x: K.mean(x, axis=3, keepdims=True),
    "mean of everything": lambda x: K.mean(x, axis=(1, 2, 3)),
    "variance": lambda x: K.var(x, axis=(1, 2)),
    "image": lambda x: x,
    "1x1": lambda x: L.Conv2D(8, 1)(x),
    "1x1 sigmoid": lambda x: L.Conv2D(8, 1, activation="sigmoid")(x),
    "depthwise": lambda x: L.DepthwiseConv2D(3, padding="same")(x),
    "3x3": lambda x: L.Conv2D(8, 3, padding="same")(x),
    "depth to space": operators.depth_to_space,
    "bilinear": lambda x: L.UpSampling2D(interpolation="bilinear")(x),
    "bilinear, 1x1": lambda x: L.Conv2D(8, 1)(L.UpSampling2D(interpolation="bilinear")(x)),
    "dense and image": lambda x: [L.Dense(10)(L.GlobalAveragePooling2D()(x)), x],
    "dense and 1x1": lambda x: [L.Dense(10)(L.GlobalAveragePooling2D()(x)), L.Conv2D(8, 1)(x)],
    "two averages": lambda x: [
        L.Dense(10)(L.GlobalAveragePooling2D()(x)),
        L.Dense(4)(L.GlobalAveragePooling2D()(L.Conv2D(16, 1)(x))),
    ],
    "average and max": lambda x: L.Dense(10)(
        K.concatenate([L.GlobalAveragePooling2D()(x), L.GlobalMaxPooling2D()(x)], axis=-1)
    ),
    "boxes": lambda x: [
        L.Reshape((-1, 4))(L.Conv2D(8, 1)(x)),
        L.Reshape((-1, 1))(L.Conv2D(2, 1)(x)),
    ],
    "boxes by 3x3": lambda x: L.Reshape((-1, 4))(L.Conv2D(8, 3, padding="same")(x)),
    "boxes and depth to space": lambda x: [
        L.Reshape((-1, 4))(L.Conv2D(8, 1)(x)),
        operators.depth_to_space(L.Conv2D(16, 1)(x)),
    ],
}


ENTRIES = {
    "padded": (16, 3, lambda x: L.Conv2D(16, 3, strides=2, activation="relu")(pad(x))),
    "same, odd image": (17, 3, lambda x: L.Conv2D(16, 3, strides=2, padding="same")(x)),
    "same, even image": (16, 3, lambda x: L.Conv2D(16, 3, strides=2, padding="same")(x)),
    "valid": (17, 3, lambda x: L.Conv2D(16, 3, strides=2)(x)),
    "stride 1": (12, 3, lambda x: L.Conv2D(16, 3, padding="same")(x)),
    "padded by 2": (16, 3, lambda x: L.Conv2D(16, 3, strides=2)(pad(x, 2))),
    "one channel": (16, 1, lambda x: L.Conv2D(16, 3, strides=2)(pad(x))),
    "four channels": (16, 4, lambda x: L.Conv2D(16, 3, strides=2)(pad(x))),
    "scaled image": (16, 3, lambda x: L.Conv2D(16, 3, strides=2)(pad(x / 2 + 0.1))),
    "5x5": (16, 3, lambda x: L.Conv2D(16, 5, strides=2)(pad(x, 2))),
    "two strides": (32, 3, lambda x: L.Conv2D(16, 3, strides=2)(pad(L.Conv2D(3, 1)(x)))),
    "two of them": (16, 3, lambda x: _stem(x) + _stem(x)),
    "two concatenated": (16, 3, lambda x: K.concatenate([_stem(x), _stem(x)], -1)),
    "beside a pool": (16, 3, lambda x: _stem(x) + L.Conv2D(16, 1)(L.MaxPooling2D()(x))),
    "beside 3x3": (16, 3, lambda x: _stem(x) + L.Conv2D(16, 2, strides=2)(x)),
    "beside 3x3, second": (16, 3, lambda x: L.Conv2D(16, 2, strides=2)(x) + _stem(x)),
    "32 channels": (16, 3, lambda x: L.Conv2D(32, 3, strides=2, activation="relu6")(pad(x))),
    "dilated": (16, 3, lambda x: L.Conv2D(16, 3, dilation_rate=2, padding="same")(x)),
}


def pad(x: Any, by: int = 1) -> Any:
    return L.ZeroPadding2D(by)(x)


def _stem(x: Any) -> Any:
    return L.Conv2D(16, 3, strides=2)(pad(x))


def with_image(x: Any, image: Any) -> Any:
    """A sum with something that did not come through the entry."""
    return x + L.Conv2D(
        x.shape[-1], image.shape[1] // x.shape[1], strides=image.shape[1] // x.shape[1]
    )(image)


def numbers(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)
