import numpy as np
import pytest

from tfticket.graph import channel_graph


@pytest.fixture
def residual(keras):
    """conv_2 is added to conv_1, and both are concatenated with conv_3."""
    k = keras
    image = k.layers.Input((6, 6, 3), name="image")
    x = k.layers.Conv2D(4, 3, padding="same", name="conv_1")(image)
    y = k.layers.BatchNormalization(name="bn")(x)
    y = k.layers.Conv2D(4, 3, padding="same", name="conv_2")(y)
    x = k.layers.Add(name="add")([x, y])
    z = k.layers.Conv2D(2, 1, name="conv_3")(x)
    x = k.layers.Concatenate(name="join")([x, z])
    x = k.layers.Flatten(name="flatten")(x)
    return k.Model(image, k.layers.Dense(3, name="out")(x))


def members(group):
    return {(m.path, m.axis): m.role for m in group.members}


def test_partners_of_a_sum_are_one_group(residual):
    graph = channel_graph(residual)
    assert {n: g.num_channels for n, g in graph.groups.items()} == {"conv_1": 4, "conv_3": 2}
    found = members(graph.groups["conv_1"])
    assert found["conv_1/kernel", -1] == found["conv_2/kernel", -1] == "out"
    assert (
        found["conv_2/kernel", -2] == found["conv_3/kernel", -2] == found["out/kernel", -2] == "in"
    )
    assert found["bn/gamma", -1] == found["conv_2/bias", -1] == "along"


def test_concatenated_and_flattened_channels_are_found_at_every_position(residual):
    graph = channel_graph(residual)
    (member,) = [m for m in graph.groups["conv_3"].members if m.path == "out/kernel"]
    assert member.positions(0).tolist() == [6 * p + 4 for p in range(36)]
    assert (member.channels == -1).sum() == 36 * 4


def test_inputs_and_outputs_stay(residual):
    graph = channel_graph(residual)
    assert graph.fixed == {"out": (3, "it is an output of the model")}
    assert ("conv_1/kernel", -2) not in members(graph.groups["conv_1"])


def test_masks_cover_all_trainable_weights_of_a_channel(residual):
    graph = channel_graph(residual)
    masks = graph.masks({"conv_1": np.array([True, False, True, True])})
    assert not masks["conv_1/kernel"][..., 1].any() and masks["conv_1/kernel"][..., 0].all()
    assert not masks["conv_2/kernel"][:, :, 1].any() and not masks["conv_2/kernel"][..., 1].any()
    assert masks["bn/gamma"].tolist() == [True, False, True, True]
    assert masks["conv_3/kernel"].sum() == 3 * 2
    assert masks["out/kernel"].sum() == 36 * 5 * 3
    assert not any("moving" in p for p in masks)
    makers = graph.masks({"conv_1": np.array([True, False, True, True])}, roles=("out",))
    assert set(makers) == {"conv_1/kernel", "conv_2/kernel", "conv_3/kernel"}


def test_channels_that_do_not_fit_are_refused(residual):
    graph = channel_graph(residual)
    with pytest.raises(ValueError, match="'conv_9'"):
        graph.masks({"conv_9": np.ones(4, bool)})
    with pytest.raises(ValueError, match="'conv_3'"):
        graph.masks({"conv_3": np.ones(4, bool)})


def test_a_grouped_convolution_loses_the_same_channel_of_every_group(keras):
    k = keras
    model = k.Sequential(
        [
            k.layers.Input((6, 6, 8)),
            k.layers.Conv2D(8, 1, name="before"),
            k.layers.Conv2D(12, 3, groups=4, name="grouped"),
            k.layers.Conv2D(12, 3, groups=12, name="each"),
            k.layers.Conv2D(1, 1, name="out"),
        ]
    )
    groups = channel_graph(model).groups
    assert {n: (g.num_channels, g.width) for n, g in groups.items()} == {
        "before": (2, 4),
        "grouped": (3, 4),
    }
    assert members(groups["grouped"])["each/kernel", -1] == "along"


def test_a_layer_of_ones_own_is_named_and_what_it_touches_stays(keras):
    class Doubled(keras.layers.Dense):
        def call(self, inputs):
            return 2 * super().call(inputs)

    model = keras.Sequential(
        [
            keras.layers.Input((3,)),
            keras.layers.Dense(4, name="before"),
            Doubled(5, name="own"),
            keras.layers.Dense(6, name="after"),
            keras.layers.Dense(1, name="out"),
        ]
    )
    graph = channel_graph(model)
    assert graph.refused == {"own": "it is a layer with weights of its own kind"}
    assert list(graph.groups) == ["after"]
    assert graph.fixed["before"] == (4, "own: it is a layer with weights of its own kind")
    assert "not followed: own" in str(graph)


@pytest.mark.parametrize("first", [True, False])
def test_a_layer_that_is_once_not_followed_keeps_its_channels_in_every_call(keras, first):
    k = keras
    tokens = k.layers.Input((5, 3), name="tokens")
    layer = k.layers.MultiHeadAttention(2, 4, name="attention")
    x = k.layers.Dense(6, name="before")(tokens)
    calls = [lambda: layer(x, x, return_attention_scores=True)[0], lambda: layer(x, x)]
    plain, scored = (call() for call in (calls if first else reversed(calls)))
    x = k.layers.Add(name="add")([plain, scored])
    x = k.layers.GlobalAveragePooling1D(name="pool")(k.layers.Dense(4, name="after")(x))
    graph = channel_graph(k.Model(tokens, k.layers.Dense(1, name="out")(x)))
    assert graph.refused == {"attention": "its gate or its attention scores are used"}
    assert list(graph.groups) == ["after"]
    assert graph.fixed["before"][0] == 6


def test_positions_may_be_averaged_by_an_operation():
    import keras

    image = keras.layers.Input((6, 6, 3), name="image")
    x = keras.layers.Conv2D(4, 3, name="conv")(image)
    mean = keras.ops.mean(x, axis=(1, 2))
    most = keras.ops.max(x, axis=[1, 2])
    both = keras.ops.concatenate([mean, most], axis=-1)
    odd = keras.ops.mean(keras.layers.Conv2D(2, 1, name="odd")(x), axis=-1)
    flat = keras.layers.Flatten(name="flatten")(odd)
    graph = channel_graph(keras.Model(image, [keras.layers.Dense(2, name="out")(both), flat]))
    assert list(graph.groups) == ["conv"]
    assert list(graph.refused.values()) == ["it is taken over channels or examples"]


def test_a_model_that_cannot_be_read_is_refused(keras):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(2)

        def call(self, inputs):
            return self.dense(inputs)

    model = Own()
    model(np.zeros((1, 3), "float32"))
    with pytest.raises(ValueError, match="functional or Sequential"):
        channel_graph(model)
