"""Small networks with every kind of connection between layers, for either Keras.

Each entry of `NETWORKS` takes a Keras and returns a model.
"""

from __future__ import annotations


def _classified(k, inputs, x, units=3):
    return k.Model(inputs, k.layers.Dense(units, name="logits")(x))


def _conv(k, filters, name, size=3, **options):
    options = {"padding": "same", "use_bias": False, **options}
    return k.layers.Conv2D(filters, size, name=name, **options)


def _conv_bn(k, x, filters, name, size=3, activation="relu", **options):
    x = _conv(k, filters, name, size, **options)(x)
    x = k.layers.BatchNormalization(name=f"{name}_bn")(x)
    return k.layers.Activation(activation, name=f"{name}_act")(x) if activation else x


def mlp(k):
    return k.Sequential(
        [
            k.layers.Input((6,)),
            k.layers.Dense(8, "relu", name="first"),
            k.layers.Dropout(0.5, name="dropout"),
            k.layers.Dense(6, "gelu", name="second"),
            k.layers.Dense(3, name="logits"),
        ]
    )


def concatenated_then_added(k):
    image = k.layers.Input((6, 6, 3), name="image")
    x = k.layers.Concatenate(name="join")(
        [_conv_bn(k, image, 4, "left"), _conv_bn(k, image, 6, "right")]
    )
    x = k.layers.Add(name="add")([x, _conv_bn(k, image, 10, "whole")])
    return _classified(k, image, k.layers.GlobalAveragePooling2D(name="pool")(x))


def spatial_attention(k):
    image = k.layers.Input((8, 8, 3), name="image")
    x = _conv_bn(k, image, 8, "stem")
    gate = k.layers.Conv2D(1, 3, padding="same", activation="sigmoid", name="gate")(x)
    x = k.layers.Multiply(name="gated")([x, gate])
    return _classified(k, image, k.layers.GlobalAveragePooling2D(name="pool")(x))


def nested(k):
    inner_in = k.layers.Input((8, 8, 6), name="inner_image")
    y = _conv_bn(k, inner_in, 5, "inner_1")
    y = _conv_bn(k, y, 6, "inner_2", activation=None)
    inner = k.Model(inner_in, k.layers.Add(name="inner_add")([inner_in, y]), name="block")
    head = k.Sequential(
        [
            k.layers.Input((8, 8, 6)),
            k.layers.Conv2D(7, 3, activation="relu", name="conv"),
            k.layers.GlobalAveragePooling2D(name="pool"),
        ],
        name="head",
    )
    image = k.layers.Input((8, 8, 3), name="image")
    return _classified(k, image, head(inner(_conv_bn(k, image, 6, "stem"))))


def shared(k):
    left, right = (k.layers.Input((8, 8, 3), name=n) for n in ("left", "right"))
    tower = k.Sequential(
        [
            k.layers.Input((8, 8, 3)),
            k.layers.Conv2D(6, 3, activation="relu", name="conv"),
            k.layers.GlobalAveragePooling2D(name="pool"),
        ],
        name="tower",
    )
    again = k.layers.Dense(6, "tanh", name="again")
    x = again(again(tower(left)))
    x = k.layers.Subtract(name="difference")([x, tower(right)])
    return _classified(k, [left, right], x)


def merged(k):
    image = k.layers.Input((8, 8, 3), name="image")
    x = k.layers.Rescaling(1 / 2, 0.1, name="rescale")(image)
    x, y, z = (_conv_bn(k, x, 6, n) for n in ("x", "y", "z"))
    x = k.layers.Maximum(name="maximum")([x, y])
    x = k.layers.Average(name="average")([x, y, z])
    x = k.layers.Minimum(name="minimum")([x, z])
    x = k.layers.Concatenate(axis=1, name="below")([x, y])
    return _classified(k, image, k.layers.GlobalAveragePooling2D(name="pool")(x))


def operations(k):
    image = k.layers.Input((8, 8, 3), name="image")
    x = _conv_bn(k, image, 6, "conv_1")
    y = _conv_bn(k, x, 6, "conv_2")
    x = k.layers.ReLU(6.0, name="relu")(x + 3.0) * (1.0 / 6.0) + y
    x = _conv_bn(k, x[:, 1:, ::2], 8, "conv_3")
    x = _conv_bn(k, x[..., :4] * x[..., 4:], 5, "conv_4")
    x = k.layers.Lambda(lambda v: v * 0.5 + 1.0, name="affine")(x)
    return _classified(k, image, k.layers.GlobalAveragePooling2D(name="pool")(x))


def several_ends(k):
    image = k.layers.Input((8, 8, 3), name="image")
    extra = k.layers.Input((4,), name="extra")
    x = _conv_bn(k, image, 6, "conv_1")
    middle = _conv_bn(k, x, 5, "conv_2")  # an output itself, so it stays
    x = k.layers.Concatenate(name="join")(
        [
            k.layers.GlobalAveragePooling2D(name="pool")(middle),
            k.layers.Dense(6, "relu", name="dense")(extra),
        ]
    )
    x = k.layers.RepeatVector(3, name="repeat")(k.layers.Dense(4, "relu", name="code")(x))
    return k.Model([image, extra], [middle, k.layers.Dense(2, name="out")(x)])


def deferred(k):
    model = k.Sequential(
        [
            k.layers.Conv2D(6, 3, activation="relu", name="conv"),
            k.layers.BatchNormalization(scale=False, name="bn"),
            k.layers.Flatten(name="flatten"),
            k.layers.Dense(3, name="logits"),
        ]
    )
    model.build((None, 6, 6, 2))
    return model


def any_size(k):
    image = k.layers.Input((None, None, 3), name="image")
    x = _conv_bn(k, image, 6, "conv_1")
    x = _conv_bn(k, x, 8, "conv_2")
    x = k.layers.Reshape((-1, 8), name="positions")(x)
    return _classified(k, image, k.layers.GlobalAveragePooling1D(name="pool")(x))


NETWORKS = {
    f.__name__: f
    for f in (
        mlp,
        concatenated_then_added,
        spatial_attention,
        nested,
        shared,
        merged,
        operations,
        several_ends,
        deferred,
        any_size,
    )
}
