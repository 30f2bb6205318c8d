import keras
import numpy as np
import pytest

from tfticket.export import encode
from tfticket.export.convert import dense_tflite
from tfticket.export.signature import signature
from tfticket.tflite.file import File
from tfticket.tflite.hazards import hazards
from tfticket.tflite.xnnpack import cluster, densify_hazard

layers, ops = keras.layers, keras.ops


def entered(given):
    return layers.Conv2D(8, 3, strides=2)(layers.ZeroPadding2D(1)(given))


def ended(x):
    return layers.Dense(6)(layers.GlobalAveragePooling2D()(x))


def network(inside=lambda x: x, *, image=(16, 16, 3), entry=entered, head=ended):
    """Between the entry and the head: a 1x1 convolution, what is asked for, and another one."""
    given = layers.Input(image)
    x = inside(layers.Conv2D(8, 1, activation="relu")(entry(given)))
    return keras.Model(given, head(layers.Conv2D(16, 1)(x)))


def file_of(model):
    return dense_tflite(model, signature(model)).blob


def found(model, zeros="enough"):
    return cluster(File(file_of(model)), zeros)


def squeezed(x, keepdims):
    y = layers.GlobalAveragePooling2D(keepdims=keepdims)(x)
    y = y if keepdims else layers.Reshape((1, 1, 8))(y)
    return x * layers.Conv2D(8, 1, activation="sigmoid")(layers.Conv2D(4, 1, activation="relu")(y))


def depth_to_space(x):
    import tensorflow as tf

    return layers.Lambda(lambda t: tf.nn.depth_to_space(t, 2))(x)


VECTOR = np.linspace(0.5, 2, 8, dtype=np.float32)
PLAIN = {
    "1x1": lambda x: layers.ReLU(6.0)(layers.Conv2D(8, 1)(x)),
    "depthwise same": layers.DepthwiseConv2D(3, padding="same"),
    "depthwise 5x5": layers.DepthwiseConv2D(5, padding="same"),
    "depthwise stride 2": lambda x: layers.DepthwiseConv2D(3, strides=2)(
        layers.ZeroPadding2D(1)(x)
    ),
    "sigmoid": lambda x: ops.sigmoid(x),
    "leaky relu": lambda x: ops.leaky_relu(x),
    "gelu": lambda x: ops.gelu(x),
    "exp": lambda x: ops.exp(x),
    "neg": lambda x: -x,
    "clip": lambda x: ops.clip(x, -0.5, 0.5),
    "square as a product": lambda x: x * x,
    "bilinear": layers.UpSampling2D(interpolation="bilinear"),
    "residual": lambda x: x + layers.Conv2D(8, 1)(x),
}
OBSTACLES = {
    "3x3": (layers.Conv2D(8, 3, padding="same"), "CONV_2D"),
    "1x1 stride 2": (layers.Conv2D(8, 1, strides=2), "CONV_2D"),
    "grouped 1x1": (layers.Conv2D(8, 1, groups=4), "CONV_2D"),
    "padded 1x1": (lambda x: layers.Conv2D(8, 1)(layers.ZeroPadding2D(1)(x)), "PAD"),
    "max pool": (layers.MaxPooling2D(), "MAX_POOL_2D"),
    "depthwise same stride 2": (
        layers.DepthwiseConv2D(3, strides=2, padding="same"),
        "DEPTHWISE_CONV_2D",
    ),
    "padding on one side": (
        lambda x: layers.DepthwiseConv2D(3, strides=2)(layers.ZeroPadding2D(((0, 1), (0, 1)))(x)),
        "DEPTHWISE_CONV_2D",
    ),
    "depth multiplier": (
        layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same"),
        "DEPTHWISE_CONV_2D",
    ),
    "a factor per channel": (lambda x: x * VECTOR, "MUL"),
    "a number added": (lambda x: ops.relu(x + -0.3), "ADD"),
    "hard sigmoid": (lambda x: ops.hard_sigmoid(x), "ADD"),
    "batch norm after relu": (
        lambda x: layers.BatchNormalization(moving_mean_initializer="ones")(layers.ReLU()(x)),
        "MUL",
    ),
    "concatenate": (lambda x: ops.concatenate([x, x], axis=-1), "CONCATENATION"),
}
ENTRIES = {
    "same": (16, 3, layers.Conv2D(8, 3, strides=2, padding="same")),
    "same, odd image": (17, 3, layers.Conv2D(8, 3, strides=2, padding="same")),
    "valid": (16, 3, layers.Conv2D(8, 3, strides=2)),
    "four channels": (16, 4, entered),
    "wide": (16, 3, lambda x: layers.Conv2D(8, 3, strides=2)(layers.ZeroPadding2D(2)(x))),
    "stride 1": (16, 3, lambda x: layers.Conv2D(8, 3)(layers.ZeroPadding2D(1)(x))),
}


@pytest.mark.parametrize("name", PLAIN)
def test_what_phones_compute_channel_by_channel_is_sound(name):
    assert found(network(PLAIN[name])).state == "sound"


@pytest.mark.parametrize("name", OBSTACLES)
def test_one_other_operator_in_the_middle_makes_the_graph_unsound(name):
    inside, words = OBSTACLES[name]
    result = found(network(inside))
    assert (result.state, result.code, result.is_certain) == ("unsound", "G5", True)
    assert f"but not {words} after" in result.reason


@pytest.mark.parametrize("name", OBSTACLES)
def test_below_two_thirds_of_zeros_nothing_can_go_wrong(zeroed, name):
    model = network(OBSTACLES[name][0])
    for share, state in [(0.6, "none"), (0.75, "unsound")]:
        blob = zeroed(file_of(model), share)
        assert cluster(File(blob)).state == state
        assert bool(densify_hazard(File(blob))) == (state == "unsound")


def test_an_obstacle_right_after_the_entry_leaves_nothing_to_rewrite():
    given = layers.Input((16, 16, 3))
    x = layers.Conv2D(16, 1)(layers.MaxPooling2D()(entered(given)))
    assert found(keras.Model(given, ended(x))).state == "none"


def test_a_residual_sum_is_sound_and_one_from_outside_leaves_nothing_to_rewrite():
    given = keras.Input((16, 16, 3))
    stem = entered(given)
    beside = layers.Conv2D(8, 2, strides=2)(given)
    for other, state in [(layers.Conv2D(8, 1)(stem), "sound"), (beside, "none")]:
        summed = layers.Conv2D(8, 1)(layers.Add()([stem, other]))
        assert found(keras.Model(given, ended(summed))).state == state


@pytest.mark.parametrize(("keepdims", "state"), [(True, "unsound"), (False, "none")])
def test_a_gate_from_an_average_that_keeps_its_dimensions_is_unsound(keepdims, state):
    result = found(network(lambda x: squeezed(x, keepdims)))
    assert (result.state, result.code) == (state, "G6" if keepdims else "")


def test_an_average_that_keeps_its_dimensions_is_unsound():
    def head(x):
        return layers.Flatten()(
            layers.Conv2D(4, 1)(layers.GlobalAveragePooling2D(keepdims=True)(x))
        )

    result = found(network(head=head))
    assert (result.state, result.code) == ("unsound", "G6")
    assert "let Dense or Reshape follow" in result.reason


@pytest.mark.parametrize(
    "head",
    [lambda x: x, layers.Flatten(), layers.GlobalMaxPooling2D(), layers.Conv2D(4, 3)],
    ids=["image", "flatten", "global max", "3x3"],
)
def test_without_an_operator_that_leaves_nothing_is_rewritten(head):
    assert found(network(layers.MaxPooling2D(), head=head)).state == "none"


def test_depth_to_space_leaves():
    assert found(network(head=depth_to_space)).state == "sound"
    assert found(network(layers.MaxPooling2D(), head=depth_to_space)).state == "unsound"


def test_an_average_over_rows_alone_is_unsound():
    result = found(network(head=lambda x: ops.mean(x, axis=1)))
    assert (result.state, result.code) == ("unsound", "G5")


def test_a_second_head_without_an_average_is_unsound():
    model = network(head=lambda x: [ended(x), layers.Conv2D(4, 1)(x)])
    result = found(model)
    assert result.state == "unsound"
    assert "the end of the graph after CONV_2D" in result.reason


@pytest.mark.parametrize("name", ENTRIES)
def test_without_that_entry_there_is_nothing_to_rewrite(name):
    side, channels, entry = ENTRIES[name]
    model = network(layers.MaxPooling2D(), image=(side, side, channels), entry=entry)
    assert found(model).state == "none"


def test_an_image_that_also_goes_to_an_obstacle_is_not_turned():
    assert found(network(lambda x: x + layers.Conv2D(8, 3, padding="same")(x))).state == "none"


def test_an_operator_that_xnnpack_never_gets_divides_the_graph():
    assert found(network(lambda x: ops.flip(x, axis=1))).state == "none"


def test_what_depends_on_the_version_may_be_unsound(zeroed):
    """LOG was not given to XNNPACK in 2.1.0 and is in 2.3.0."""

    def head(x):
        return [ended(x), ended(ops.log(ops.exp(x)))]

    model = network(head=head)
    result = found(model)
    assert (result.state, result.is_certain) == ("unsound", False)
    sparse = File(encode(zeroed(file_of(network(layers.MaxPooling2D())), 0.3))[0])
    assert hazards(sparse) == ()


def test_only_parts_with_a_sparse_weight_count(zeroed):
    model = File(zeroed(file_of(network(layers.MaxPooling2D())), 0.8))
    assert cluster(model).state == "unsound"
    assert cluster(model, only_sparse=True).state == "none"
    assert hazards(model) == ()


def test_a_sound_graph_is_encoded_and_an_unsound_one_is_not(zeroed):
    for inside, encoding in [(PLAIN["1x1"], "csr"), (layers.MaxPooling2D(), "dense")]:
        model = network(lambda x, inside=inside: layers.Conv2D(64, 1)(inside(x)))
        _, rows = encode(zeroed(file_of(model), 0.9))
        assert next(row for row in rows if row.shape == (64, 1, 1, 8)).encoding == encoding


def test_a_graph_of_dense_layers_has_no_hazard(converted):
    assert densify_hazard(File(converted("lenet"))) == ""
    assert cluster(File(converted("lenet"))).state == "none"
