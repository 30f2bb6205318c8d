"""Operations without a layer, `keras.ops` and TensorFlow's: the shrunk network gives the same."""

from __future__ import annotations

import types

import numpy as np
import pytest

from tfticket.graph import ROLES, channel_graph
from tfticket.slimming import max_relative_difference, shrink


def _keras_operations(ops):
    return types.SimpleNamespace(
        reshape=ops.reshape,
        transpose=ops.transpose,
        expand_dims=ops.expand_dims,
        squeeze=ops.squeeze,
        tile=ops.tile,
        pad=ops.pad,
        resize=ops.image.resize,
        split=lambda x, parts, axis: ops.split(x, parts, axis=axis),
        split_into=lambda x, sizes: ops.split(x, np.cumsum(sizes)[:-1].tolist(), axis=-1),
        stack=lambda xs, axis: ops.stack(xs, axis=axis),
        roll=lambda x, shift, axis: ops.roll(x, shift, axis=axis),
        flip=lambda x, axis: ops.flip(x, axis=axis),
        concat=lambda xs, axis: ops.concatenate(xs, axis=axis),
        average_pool=lambda x: ops.average_pool(x, 2),
        max_pool=lambda x: ops.max_pool(x, 2),
        mean=lambda x, axis: ops.mean(x, axis=axis),
        sum=lambda x, axis: ops.sum(x, axis=axis),
        normalize=lambda x: ops.normalize(x, axis=-1),
    )


def _tensorflow_operations():
    import tensorflow as tf

    return types.SimpleNamespace(
        reshape=tf.reshape,
        transpose=tf.transpose,
        expand_dims=tf.expand_dims,
        squeeze=tf.squeeze,
        tile=tf.tile,
        pad=tf.pad,
        resize=tf.image.resize,
        split=lambda x, parts, axis: tf.split(x, parts, axis=axis),
        split_into=lambda x, sizes: tf.split(x, sizes, -1),
        stack=lambda xs, axis: tf.stack(xs, axis=axis),
        roll=lambda x, shift, axis: tf.roll(x, shift, axis),
        flip=lambda x, axis: tf.reverse(x, [axis]),
        concat=lambda xs, axis: tf.concat(xs, axis),
        average_pool=lambda x: tf.nn.avg_pool2d(x, 2, 2, "VALID"),
        max_pool=lambda x: tf.nn.max_pool2d(x, [1, 2, 2, 1], 2, "VALID"),
        mean=lambda x, axis: tf.reduce_mean(x, axis=axis),
        sum=lambda x, axis: tf.reduce_sum(x, axis=axis),
        normalize=lambda x: tf.math.l2_normalize(x, axis=-1),
    )


@pytest.fixture
def ops(keras):
    return _keras_operations(keras.ops) if keras.__name__ == "keras" else _tensorflow_operations()


def shuffled(o, x):
    x = o.transpose(o.reshape(x, (-1, 6, 6, 2, 4)), (0, 1, 2, 4, 3))
    return o.reshape(x, (-1, 6, 6, 8))


def gated(o, x):
    a, b = o.split(x, 2, -1)
    return a * b


def divided(o, x):
    a, b, c = o.split_into(x, [3, 2, 3])
    return o.concat([c, a, b * 2.0], -1)


def rows(o, x):
    a, b = o.split(x, 2, 1)
    return a * b


#: What is done to `[batch, 6, 6, 8]`, and how many channels may then go by themselves.
FOLLOWED = {
    "reshape": (lambda o, x: o.reshape(x, (-1, 36, 8)), 8),
    "reshape to vectors": (lambda o, x: o.reshape(x, (-1, 288)), 8),
    "reshape and transpose": (shuffled, 4),
    "transpose": (lambda o, x: o.transpose(x, (0, 3, 1, 2)), 8),
    "pad": (lambda o, x: o.pad(x, [[0, 0], [1, 1], [2, 0], [0, 0]]), 8),
    "pad channels": (lambda o, x: o.pad(x, [[0, 0], [0, 0], [0, 0], [2, 3]]), 8),
    "average_pool": (lambda o, x: o.average_pool(x), 8),
    "max_pool": (lambda o, x: o.max_pool(x), 8),
    "image.resize": (lambda o, x: o.resize(x, (4, 4)), 8),
    "sum": (lambda o, x: o.sum(x, (1, 2)), 8),
    "mean": (lambda o, x: o.mean(x, [1]), 8),
    "expand_dims and squeeze": (lambda o, x: o.squeeze(o.expand_dims(x, 1), 1), 8),
    "expand_dims at the end": (lambda o, x: o.expand_dims(x, -1), 8),
    "stack": (lambda o, x: o.stack([x, x * 2.0], 1), 8),
    "stack at the end": (lambda o, x: o.stack([x, x * 2.0], -1), 8),
    "roll": (lambda o, x: o.roll(x, 1, 1), 8),
    "flip channels": (lambda o, x: o.flip(x, 3), 8),
    "tile channels": (lambda o, x: o.tile(x, (1, 1, 1, 2)), 8),
    "split in two": (gated, 4),
    "split by sizes": (divided, 8),
    "split positions": (rows, 8),
    "first channels": (lambda o, x: x[..., :3], 8),
    "first and last": (lambda o, x: o.concat([x[..., :3] * 2.0, x[:, :, :, 3:]], -1), 8),
    "from behind": (lambda o, x: o.concat([x[..., :-3] * 2.0, x[:, :, :, -3:]], -1), 8),
    "middle channels": (lambda o, x: x[:, 0, :, 2:7], 8),
    "a new axis": (lambda o, x: x[:, None], 8),
    "concatenate positions": (lambda o, x: o.concat([x, x], 1), 8),
    "a norm over channels": (lambda o, x: o.normalize(x), 8),
}
REFUSED = {
    "channels rolled": (
        lambda o, x: o.roll(x, 1, 3),
        "it names numbers or places of its channels",
    ),
    "every other channel": (lambda o, x: x[..., ::2], "it takes every other channel"),
    "one channel": (lambda o, x: x[..., 0], "it takes one of the channels or examples"),
    "a sum of channels": (
        lambda o, x: o.sum(x, [3]),
        "it is taken over channels or examples",
    ),
    "examples mixed": (
        lambda o, x: o.reshape(x, (-1, 16)),
        "it moves values from one example to another",
    ),
}


def network(keras, ops, function):
    """`first` with 8 channels, what is in question, and `last`, which takes up what comes out."""
    layers = keras.layers
    image = layers.Input((6, 6, 3), name="image")
    x = layers.Conv2D(8, 3, padding="same", activation="relu", name="first")(image)
    x = function(ops, x)
    x = layers.Flatten(name="flat")(x) if len(x.shape) > 2 else x
    return keras.Model(image, layers.Dense(3, name="last")(x))


@pytest.mark.parametrize("roles", [ROLES, ("out",)], ids=["all", "constants"])
@pytest.mark.parametrize("form", FOLLOWED)
def test_outputs_stay_without_half_of_the_channels(form, roles, ops, build, batch, halved):
    """Also where a channel's bias stays, so that it is constant and folded, or has to stay."""
    function, num_channels = FOLLOWED[form]
    model = build(lambda k: network(k, ops, function))
    graph = channel_graph(model)
    assert graph.refused == {}
    assert {n: g.num_channels for n, g in graph.groups.items()} == {"first": num_channels}
    masks = graph.masks(halved(graph), roles=roles)
    shrunk = shrink(model, masks)
    assert max_relative_difference(model, masks, shrunk.model, batch(model)) <= 1e-5
    if roles == ROLES:
        report = shrunk.report
        assert report.num_removed + len(report.silenced) >= num_channels // 2


@pytest.mark.parametrize("form", REFUSED)
def test_what_is_not_followed_says_why(form, ops, build):
    function, reason = REFUSED[form]
    graph = channel_graph(build(lambda k: network(k, ops, function)))
    assert list(graph.refused.values()) == [reason]
    assert graph.fixed["first"][0] == 8


@pytest.mark.parametrize("form", ["first and last", "split by sizes"])
def test_one_channel_of_every_piece_stays(form, ops, build, batch):
    function, _ = FOLLOWED[form]
    model = build(lambda k: network(k, ops, function))
    masks = channel_graph(model).masks({"first": np.arange(8) >= 5})
    shrunk = shrink(model, masks)
    assert max_relative_difference(model, masks, shrunk.model, batch(model)) <= 1e-5
    assert shrunk.report.silenced
    assert shrunk.report.num_removed == {"first and last": 4, "split by sizes": 3}[form]


@pytest.mark.parametrize("num_channels", [0, 8])
def test_lengths_that_are_read_off_a_tensor(num_channels, keras, build, batch, halved):
    """Those of the batch and of positions may be; who asks for that of the channels, keeps them."""
    if keras.__name__ == "keras":
        pytest.skip("its shapes are numbers")

    def made(k):
        import tensorflow as tf

        image = k.layers.Input((6, 6, 3), name="image")
        x = k.layers.Conv2D(8, 3, activation="relu", name="first")(image)
        x = x if num_channels else x / tf.cast(tf.shape(x)[3], "float32")
        x = tf.reshape(x, (tf.shape(x)[0], tf.shape(x)[1], 4, 8))
        x = tf.reshape(x, (tf.shape(x)[0], 128))
        return k.Model(image, k.layers.Dense(3, name="last")(x))

    model = build(made)
    graph = channel_graph(model)
    assert graph.num_channels == num_channels
    if not num_channels:
        assert "it reads the number of channels" in graph.refused.values()
        return
    masks = graph.masks(halved(graph))
    shrunk = shrink(model, masks)
    assert shrunk.report.num_removed == 4
    assert max_relative_difference(model, masks, shrunk.model, batch(model)) <= 1e-5


def test_a_lambda_that_moves_values_is_followed(keras, build, batch, halved):
    def made(k):
        image = k.layers.Input((6, 6, 3), name="image")
        x = k.layers.Conv2D(8, 3, activation="relu", name="first")(image)
        x = k.layers.Lambda(lambda v: v[:, ::-1, 1:], name="turned")(x)
        x = k.layers.GlobalAveragePooling2D(name="pool")(x)
        return k.Model(image, k.layers.Dense(3, name="last")(x))

    model = build(made)
    graph = channel_graph(model)
    assert graph.refused == {}
    masks = graph.masks(halved(graph))
    shrunk = shrink(model, masks)
    assert shrunk.report.num_removed == 4
    assert max_relative_difference(model, masks, shrunk.model, batch(model)) <= 1e-5
