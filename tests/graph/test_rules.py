"""Each kind of layer: which channels it carries on, or the reason why it is not followed."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket.graph import channel_graph


def image(keras, *layers, shape=(8, 8, 3)):
    """`first` with 4 channels, what is in question, and `last`, which takes up what comes out."""
    k = keras
    given = k.layers.Input(shape, name="image")
    x = k.layers.Conv2D(4, 1, name="first")(given)
    for layer in layers:
        x = layer(x)
    x = k.layers.Flatten(name="flat")(x) if len(x.shape) > 2 else x
    return k.Model(given, k.layers.Dense(2, name="last")(x))


def tokens(keras, *layers, steps=5):
    """The same with vectors in a row."""
    k = keras
    given = k.layers.Input((steps, 3), name="tokens")
    x = k.layers.Dense(4, name="first")(given)
    for layer in layers:
        x = layer(x)
    x = k.layers.Flatten(name="flat")(x) if len(x.shape) > 2 else x
    return k.Model(given, k.layers.Dense(2, name="last")(x))


CARRIED = {
    "relu": lambda k: k.layers.ReLU(name="it"),
    "leaky": lambda k: k.layers.LeakyReLU(name="it"),
    "prelu": lambda k: k.layers.PReLU(shared_axes=[1, 2], name="it"),
    "activation": lambda k: k.layers.Activation("gelu", name="it"),
    "dropout": lambda k: k.layers.Dropout(0.5, name="it"),
    "spatial dropout": lambda k: k.layers.SpatialDropout2D(0.5, name="it"),
    "batch normalisation": lambda k: k.layers.BatchNormalization(name="it"),
    "padding": lambda k: k.layers.ZeroPadding2D(1, name="it"),
    "cropping": lambda k: k.layers.Cropping2D(1, name="it"),
    "upsampling": lambda k: k.layers.UpSampling2D(2, name="it"),
    "maximum": lambda k: k.layers.MaxPooling2D(2, name="it"),
    "average": lambda k: k.layers.AveragePooling2D(2, name="it"),
    "global average": lambda k: k.layers.GlobalAveragePooling2D(name="it"),
    "global maximum": lambda k: k.layers.GlobalMaxPooling2D(keepdims=True, name="it"),
    "depthwise": lambda k: k.layers.DepthwiseConv2D(3, name="it"),
    "transposition": lambda k: k.layers.Permute((2, 1, 3), name="it"),
    "reshaping": lambda k: k.layers.Reshape((64, 4), name="it"),
    "rescaling": lambda k: k.layers.Rescaling(0.5, offset=0.1, name="it"),
    "unit normalisation": lambda k: k.layers.UnitNormalization(name="it"),
    "permuting function": lambda k: k.layers.Lambda(lambda v: v[:, ::-1, 1:], name="it"),
}


@pytest.mark.parametrize("kind", CARRIED)
def test_what_treats_each_channel_by_itself_carries_them_on(keras, kind):
    model = image(keras, CARRIED[kind](keras))
    graph = channel_graph(model)
    assert graph.refused == {}
    group = graph.groups["first"]
    assert group.num_channels == 4
    roles = {(m.path, m.axis): m.role for m in group.members}
    assert roles["first/kernel", -1] == "out" and roles["last/kernel", -2] == "in"
    along = {path for (path, _), role in roles.items() if role == "along"}
    own = {f"it/{w.name.split('/')[-1].split(':')[0]}" for w in model.get_layer("it").weights}
    assert own & along or not own


@pytest.mark.parametrize("kind", CARRIED)
def test_masks_of_a_channel_mean_what_the_network_computes_without_it(keras, kind):
    """What the rest of the network takes up of a masked channel is multiplied by zero."""
    model = image(keras, CARRIED[kind](keras))
    masks = channel_graph(model).masks({"first": np.array([True, False, True, True])})
    kept = masks["last/kernel"].any(axis=-1)
    assert kept.sum() == 3 * len(kept) / 4
    assert not masks["first/kernel"][..., 1].any()
    assert masks["first/kernel"][..., [0, 2, 3]].all()


REFUSED = {
    "softmax": (lambda k: k.layers.Softmax(name="it"), "softmax mixes the channels"),
    "layer normalisation": (
        lambda k: k.layers.LayerNormalization(name="it"),
        "it takes its mean and variance over the channels",
    ),
    "noise over channels": (
        lambda k: k.layers.Dropout(0.5, noise_shape=(None, 1, 1, 4), name="it"),
        "its noise_shape names the number of channels",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_mixes_channels_is_refused_with_its_reason(keras, kind):
    make, reason = REFUSED[kind]
    graph = channel_graph(image(keras, make(keras)))
    assert graph.refused == {"it": reason}
    assert "first" not in graph.groups
    assert graph.fixed["first"] == (4, f"it: {reason}")


def test_a_permutation_moves_the_axis_of_the_channels(keras):
    graph = channel_graph(image(keras, keras.layers.Permute((3, 1, 2), name="it")))
    (member,) = [m for m in graph.groups["first"].members if m.path == "last/kernel"]
    assert member.positions(1).tolist() == list(range(64, 128))


def test_a_transposed_convolution_has_its_outputs_before_its_inputs(keras):
    second = keras.layers.Conv2DTranspose(6, 3, name="it")
    groups = channel_graph(image(keras, second)).groups
    roles = {(m.path, m.axis): m.role for n in groups for m in groups[n].members}
    assert roles["it/kernel", -2] == "out" and roles["it/kernel", -1] == "in"
    assert {n: g.num_channels for n, g in groups.items()} == {"first": 4, "it": 6}


def test_a_separable_convolution_is_a_depthwise_and_a_pointwise_one(keras):
    groups = channel_graph(image(keras, keras.layers.SeparableConv2D(6, 3, name="it"))).groups
    roles = {(m.path, m.axis): m.role for m in groups["first"].members}
    assert roles["it/pointwise_kernel", -2] == "in"
    assert {n: g.num_channels for n, g in groups.items()} == {"first": 4, "it": 6}


CELLS = {"SimpleRNN": "simple_rnn_cell", "GRU": "gru_cell", "LSTM": "lstm_cell"}


@pytest.mark.parametrize("kind", CELLS)
def test_units_of_a_recurrent_layer_go_from_all_their_gates(keras, kind):
    layer = getattr(keras.layers, kind)(6, name="it")
    graph, cell = channel_graph(tokens(keras, layer)), f"it/{CELLS[kind]}"
    assert {n: g.num_channels for n, g in graph.groups.items()} == {"first": 4, cell: 6}
    masks = graph.masks({cell: np.arange(6) != 2})
    gates = masks[f"{cell}/kernel"].shape[-1] // 6
    assert (~masks[f"{cell}/kernel"].any(axis=0)).sum() == gates
    assert not masks[f"{cell}/recurrent_kernel"][2].any()
    assert not masks["last/kernel"][2].any()


@pytest.mark.parametrize("mode", ["concat", "sum"])
def test_both_directions_lose_the_same_units(keras, mode):
    """A Bidirectional layer has one number of units, so neither direction can be smaller alone."""
    layer = keras.layers.Bidirectional(keras.layers.GRU(6), merge_mode=mode, name="it")
    graph = channel_graph(tokens(keras, layer))
    (name,) = [n for n in graph.groups if n != "first"]
    assert graph.groups[name].num_channels == 6
    masks = graph.masks({name: np.arange(6) != 2})
    kept = masks["last/kernel"].any(axis=-1)
    assert np.flatnonzero(~kept).tolist() == ([2, 8] if mode == "concat" else [2])


def test_a_layer_repeated_over_steps_is_followed_inside(keras):
    layer = keras.layers.TimeDistributed(keras.layers.Dense(6, name="inner"), name="it")
    groups = channel_graph(tokens(keras, layer)).groups
    assert sorted(g.num_channels for g in groups.values()) == [4, 6]


def test_a_product_by_one_number_a_position_carries_channels_on(keras):
    k = keras
    given = k.layers.Input((8, 8, 3), name="image")
    x = k.layers.Conv2D(4, 1, name="first")(given)
    gate = k.layers.Conv2D(4, 1, activation="sigmoid", name="gate")(x)
    x = k.layers.Multiply(name="it")([x, gate])
    graph = channel_graph(k.Model(given, k.layers.Conv2D(2, 1, name="last")(x)))
    assert {n: g.num_channels for n, g in graph.groups.items()} == {"first": 4}
    assert {m.path for m in graph.groups["first"].members} >= {"gate/kernel", "last/kernel"}


def test_inputs_joined_along_positions_are_one_group(keras):
    k = keras
    given = k.layers.Input((8, 8, 3), name="image")
    parts = [k.layers.Conv2D(4, 1, name=f"part_{i}")(given) for i in range(2)]
    x = k.layers.Concatenate(axis=1, name="it")(parts)
    graph = channel_graph(k.Model(given, k.layers.Conv2D(2, 1, name="last")(x)))
    assert {n: g.num_channels for n, g in graph.groups.items()} == {"part_0": 4}
    roles = {(m.path, m.axis): m.role for m in graph.groups["part_0"].members}
    assert roles["part_1/kernel", -1] == "out"


def test_a_shared_layer_ties_what_it_is_called_on(keras):
    k = keras
    given = k.layers.Input((5, 3), name="tokens")
    shared = k.layers.Dense(4, name="shared")
    left, right = shared(given), shared(k.layers.Dense(3, name="before")(given))
    x = k.layers.Add(name="it")([left, right])
    graph = channel_graph(k.Model(given, k.layers.Dense(2, name="last")(x)))
    # What `before` makes meets the model's own input in the shared kernel, and stays.
    assert {n: g.num_channels for n, g in graph.groups.items()} == {"shared": 4}
    assert "before" in graph.fixed
