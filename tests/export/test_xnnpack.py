import keras
import pytest

from tfticket.export import encode, flatbuffer
from tfticket.export.convert import dense_tflite
from tfticket.export.signature import signature
from tfticket.export.xnnpack import cluster, densify_hazard

layers = keras.layers


def network(*inside, image=(16, 16, 3), entry=None, head=None):
    entry = [layers.ZeroPadding2D(1), layers.Conv2D(8, 3, strides=2)] if entry is None else entry
    head = [layers.GlobalAveragePooling2D(), layers.Dense(6)] if head is None else head
    return keras.Sequential([layers.Input(image), *entry, *inside, layers.Conv2D(16, 1), *head])


def found(model):
    return cluster(flatbuffer.read(dense_tflite(model, signature(model))))


PLAIN = {
    "1x1": lambda: [layers.Conv2D(8, 1), layers.ReLU(6.0)],
    "depthwise same": lambda: [layers.DepthwiseConv2D(3, padding="same")],
    "depthwise 5x5": lambda: [layers.DepthwiseConv2D(5, padding="same")],
    "depthwise stride 2": lambda: [
        layers.ZeroPadding2D(1),
        layers.DepthwiseConv2D(3, strides=2),
        layers.Activation("sigmoid"),
    ],
}

OBSTACLES = {
    "3x3": (lambda: [layers.Conv2D(8, 3, padding="same")], "other than 1x1"),
    "1x1 stride 2": (lambda: [layers.Conv2D(8, 1, strides=2)], "other than 1x1"),
    "max pool": (lambda: [layers.MaxPooling2D()], "MAX_POOL_2D"),
    "depthwise same stride 2": (
        lambda: [layers.DepthwiseConv2D(3, strides=2, padding="same")],
        "a depthwise convolution other",
    ),
    "padding on one side": (
        lambda: [layers.ZeroPadding2D(((0, 1), (0, 1))), layers.DepthwiseConv2D(3, strides=2)],
        "a depthwise convolution other",
    ),
    "depth multiplier": (
        lambda: [layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same")],
        "a depthwise convolution other",
    ),
}


def test_what_phones_compute_channel_by_channel_is_sound():
    for name, inside in PLAIN.items():
        assert found(network(*inside())).state == "sound", name


@pytest.mark.parametrize("name", OBSTACLES)
def test_one_other_operator_makes_the_graph_unsound(name):
    inside, words = OBSTACLES[name]
    result = found(network(*inside()))
    assert (result.state, result.code) == ("unsound", "G5")
    assert words in result.reason


def test_a_residual_sum_is_sound_and_one_from_outside_is_not():
    given = keras.Input((16, 16, 3))
    entered = layers.Conv2D(8, 3, strides=2)(layers.ZeroPadding2D(1)(given))
    beside = layers.Conv2D(8, 2, strides=2)(given)
    for other, state in [(layers.Conv2D(8, 1)(entered), "sound"), (beside, "unsound")]:
        summed = layers.Conv2D(8, 1)(layers.Add()([entered, other]))
        average = layers.GlobalAveragePooling2D()(summed)
        assert found(keras.Model(given, layers.Dense(4)(average))).state == state


def test_an_average_that_keeps_its_dimensions_is_unsound():
    head = [layers.GlobalAveragePooling2D(keepdims=True), layers.Conv2D(4, 1), layers.Flatten()]
    result = found(network(head=head))
    assert (result.state, result.code) == ("unsound", "G6")


def test_without_an_average_it_is_unsound():
    assert "without a global average" in found(network(head=[])).reason


@pytest.mark.parametrize(
    ("image", "entry"),
    [
        ((16, 16, 3), [layers.Conv2D(8, 3, strides=2, padding="same", name="same")]),
        ((16, 16, 3), [layers.Conv2D(8, 3, strides=2, name="valid")]),
        ((16, 16, 4), [layers.ZeroPadding2D(1), layers.Conv2D(8, 3, strides=2, name="four")]),
        ((16, 16, 3), [layers.ZeroPadding2D(2), layers.Conv2D(8, 3, strides=2, name="wide")]),
        ((16, 16, 3), [layers.ZeroPadding2D(1), layers.Conv2D(8, 3, name="stride")]),
    ],
)
def test_without_that_entry_there_is_nothing_to_rewrite(image, entry):
    assert found(network(layers.MaxPooling2D(), image=image, entry=entry)).state == "none"


def test_an_odd_image_makes_same_padding_an_entry():
    entry = [layers.Conv2D(8, 3, strides=2, padding="same")]
    assert found(network(image=(17, 17, 3), entry=entry)).state == "sound"


def test_a_sound_graph_is_encoded_and_an_unsound_one_is_not(zeroed):
    for inside, encoding in [(PLAIN["1x1"](), "csr"), ([layers.MaxPooling2D()], "dense")]:
        model = network(*inside, layers.Conv2D(64, 1))
        dense = zeroed(dense_tflite(model, signature(model)), 0.9)
        _, rows = encode(dense)
        assert next(row for row in rows if row.shape == (64, 1, 1, 8)).encoding == encoding


def test_a_graph_of_dense_layers_has_no_hazard(converted):
    assert densify_hazard(flatbuffer.read(converted("lenet"))) == ""
    assert cluster(flatbuffer.read(converted("lenet"))).state == "none"
