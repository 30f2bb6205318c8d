"""Small networks for images and vectors, with every kind of layer, for either Keras.

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


def vgg_like(k):
    image = k.layers.Input((8, 8, 3), name="image")
    x = _conv_bn(k, image, 6, "conv_1")
    x = k.layers.MaxPooling2D(name="pool_1")(x)
    x = _conv_bn(k, x, 8, "conv_2", use_bias=True)
    x = k.layers.AveragePooling2D(2, padding="same", name="pool_2")(x)
    x = k.layers.Flatten(name="flatten")(x)
    return _classified(k, image, k.layers.Dense(5, "relu", name="dense")(x))


def residual(k):
    image = k.layers.Input((8, 8, 3), name="image")
    x = _conv_bn(k, image, 8, "stem")
    y = _conv_bn(k, x, 4, "a_1")
    y = _conv_bn(k, y, 8, "a_2", activation=None)
    x = k.layers.ReLU(name="a_out")(k.layers.Add(name="a_add")([x, y]))
    y = _conv_bn(k, x, 6, "b_1", strides=2)
    y = _conv_bn(k, y, 12, "b_2", activation=None)
    x = _conv_bn(k, x, 12, "b_skip", size=1, strides=2, activation=None)
    x = k.layers.ReLU(name="b_out")(k.layers.Add(name="b_add")([x, y]))
    return _classified(k, image, k.layers.GlobalAveragePooling2D(name="pool")(x))


def densely_connected(k):
    image = k.layers.Input((8, 8, 3), name="image")
    x = _conv_bn(k, image, 6, "stem")
    for number in range(3):
        y = k.layers.BatchNormalization(name=f"bn_{number}")(x)
        y = k.layers.ReLU(name=f"relu_{number}")(y)
        y = _conv(k, 4, f"conv_{number}")(y)
        x = k.layers.Concatenate(name=f"join_{number}")([x, y])
    return _classified(k, image, k.layers.GlobalMaxPooling2D(name="pool")(x))


def depthwise(k):
    image = k.layers.Input((8, 8, 3), name="image")
    x = _conv_bn(k, image, 6, "stem")
    x = k.layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, name="depthwise")(x)
    x = k.layers.BatchNormalization(name="depthwise_bn")(x)
    x = k.layers.ReLU(6.0, name="relu")(x)
    x = _conv_bn(k, x, 8, "point", size=1)
    return _classified(k, image, k.layers.GlobalAveragePooling2D(name="pool")(x))


def grouped(k):
    image = k.layers.Input((8, 8, 3), name="image")
    x = _conv_bn(k, image, 8, "stem")
    x = _conv_bn(k, x, 12, "grouped", groups=4)
    x = _conv_bn(k, x, 24, "each", groups=12)
    return _classified(k, image, k.layers.GlobalAveragePooling2D(name="pool")(x))


def shuffled(k):
    image = k.layers.Input((6, 6, 3), name="image")
    x = _conv_bn(k, image, 8, "stem")
    x = _conv_bn(k, x, 12, "grouped_1", size=1, groups=2)
    x = k.layers.Reshape((6, 6, 2, 6), name="split")(x)
    x = k.layers.Permute((1, 2, 4, 3), name="shuffle")(x)
    x = k.layers.Reshape((6, 6, 12), name="join")(x)
    x = _conv_bn(k, x, 8, "grouped_2", size=1, groups=2)
    return _classified(k, image, k.layers.GlobalAveragePooling2D(name="pool")(x))


def squeeze_and_excite(k):
    image = k.layers.Input((8, 8, 3), name="image")
    x = _conv_bn(k, image, 8, "stem", activation="swish")
    s = k.layers.GlobalAveragePooling2D(name="squeeze")(x)
    s = k.layers.Reshape((1, 1, 8), name="reshape")(s)
    s = k.layers.Conv2D(4, 1, activation="swish", name="reduce")(s)
    s = k.layers.Conv2D(8, 1, activation="sigmoid", name="expand")(s)
    x = k.layers.Multiply(name="excite")([x, s])
    x = _conv_bn(k, x, 6, "after")
    s = k.layers.GlobalMaxPooling2D(keepdims=True, name="squeeze_2")(x)
    s = k.layers.Dense(6, activation="hard_sigmoid", name="gate")(s)
    x = k.layers.Multiply(name="excite_2")([s, x])
    return _classified(k, image, k.layers.GlobalAveragePooling2D(name="pool")(x))


def inception_like(k):
    image = k.layers.Input((9, 9, 3), name="image")
    x = _conv_bn(k, image, 6, "stem", padding="valid")
    branches = [
        _conv_bn(k, x, 4, "b1", size=1),
        _conv_bn(k, _conv_bn(k, x, 4, "b2_1", size=1), 6, "b2_2", size=(1, 3)),
        _conv_bn(k, k.layers.MaxPooling2D(3, 1, "same", name="b3")(x), 2, "b3_1", size=1),
        x,
    ]
    x = k.layers.Concatenate(name="join")(branches)
    x = _conv_bn(k, x, 8, "after")
    return _classified(k, image, k.layers.GlobalAveragePooling2D(name="pool")(x))


def generator(k):
    noise = k.layers.Input((5,), name="noise")
    x = k.layers.Dense(4 * 4 * 6, use_bias=False, name="dense")(noise)
    x = k.layers.BatchNormalization(name="bn_1")(x)
    x = k.layers.LeakyReLU(name="leaky")(x)
    x = k.layers.Reshape((4, 4, 6), name="reshape")(x)
    x = k.layers.Conv2DTranspose(8, 4, 2, padding="same", name="up_1")(x)
    x = k.layers.BatchNormalization(name="bn_2")(x)
    x = k.layers.ELU(name="elu")(x)
    return k.Model(noise, k.layers.Conv2DTranspose(1, 3, 2, "same", name="up_2")(x))


def u_net(k):
    image = k.layers.Input((8, 8, 2), name="image")
    first = _conv_bn(k, image, 6, "down_1")
    x = k.layers.ZeroPadding2D(1, name="pad")(first)
    x = _conv_bn(k, x, 8, "down_2", strides=2, padding="valid")
    x = k.layers.UpSampling2D(2, interpolation="bilinear", name="up")(x)
    x = k.layers.Conv2DTranspose(6, 2, 1, "same", activation="relu", name="up_conv")(x)
    x = k.layers.Concatenate(name="skip")([first, x])
    x = k.layers.Cropping2D(1, name="crop")(x)
    x = k.layers.Resizing(4, 4, name="resize")(x)
    x = k.layers.SpatialDropout2D(0.2, name="dropout")(x)
    return k.Model(image, k.layers.Conv2D(2, 1, name="mask")(x))


def separable(k):
    image = k.layers.Input((8, 8, 3), name="image")
    x = _conv_bn(k, image, 6, "stem")
    x = k.layers.SeparableConv2D(8, 3, padding="same", depth_multiplier=2, name="separable")(x)
    x = k.layers.PReLU(shared_axes=[1, 2], name="prelu")(x)
    x = k.layers.SeparableConv2D(6, 3, activation="relu", name="separable_2")(x)
    x = k.layers.PReLU(name="prelu_2")(x)
    return _classified(k, image, k.layers.GlobalAveragePooling2D(name="pool")(x))


def one_dimensional(k):
    series = k.layers.Input((12, 3), name="series")
    x = k.layers.Conv1D(6, 3, padding="causal", activation="relu", name="conv")(series)
    x = k.layers.BatchNormalization(name="bn")(x)
    x = k.layers.SeparableConv1D(8, 3, name="separable")(x)
    x = k.layers.DepthwiseConv1D(3, name="depthwise")(x)
    x = k.layers.MaxPooling1D(2, name="pool")(x)
    x = k.layers.UpSampling1D(2, name="up")(x)
    x = k.layers.Conv1DTranspose(5, 3, activation="softplus", name="transposed")(x)
    return _classified(k, series, k.layers.GlobalAveragePooling1D(name="mean")(x))


def three_dimensional(k):
    volume = k.layers.Input((6, 6, 6, 2), name="volume")
    x = k.layers.Conv3D(6, 3, padding="same", name="conv_1")(volume)
    x = k.layers.BatchNormalization(name="bn")(x)
    x = k.layers.ReLU(name="relu")(x)
    x = k.layers.MaxPooling3D(name="pool")(x)
    x = k.layers.Conv3DTranspose(4, 2, name="transposed")(x)
    return _classified(k, volume, k.layers.Flatten(name="flatten")(x))


def group_normalized(k):
    image = k.layers.Input((8, 8, 3), name="image")
    x = _conv(k, 8, "conv_1")(image)
    x = k.layers.GroupNormalization(4, name="groups")(x)
    x = k.layers.ReLU(name="relu")(x)
    x = _conv(k, 6, "conv_2")(x)
    x = k.layers.GroupNormalization(-1, name="instances")(x)
    return _classified(k, image, k.layers.GlobalMaxPooling2D(name="pool")(x))


def layer_normalized(k):
    image = k.layers.Input((8, 8, 3), name="image")
    x = _conv(k, 8, "conv_1")(image)
    x = k.layers.LayerNormalization(name="norm")(x)
    x = k.layers.Conv2D(16, 1, activation="gelu", name="wide")(x)
    x = k.layers.Conv2D(6, 1, activation="softmax", name="mixed")(x)
    return _classified(k, image, k.layers.GlobalMaxPooling2D(name="pool")(x))


NETWORKS = {
    f.__name__: f
    for f in (
        vgg_like,
        residual,
        densely_connected,
        depthwise,
        grouped,
        shuffled,
        squeeze_and_excite,
        inception_like,
        generator,
        u_net,
        separable,
        one_dimensional,
        three_dimensional,
        group_normalized,
        layer_normalized,
    )
}
