import json

import numpy as np
import pytest

from tfticket.export import advise, encode
from tfticket.export.advice import break_even
from tfticket.export.convert import dense_tflite
from tfticket.export.signature import signature


def test_dense_layers_get_blocks_where_these_fit(keras):
    layers = keras.layers
    model = keras.Sequential(
        [layers.Input((64,)), layers.Dense(90, name="first"), layers.Dense(40, name="second")]
    )
    found = advise(model)
    by_path = {row.path.rpartition("/")[0].rpartition("/")[2]: row for row in found.weights}
    ways = {name: [way.granularity for way in row.faster] for name, row in by_path.items()}
    assert ways == {"first": ["block (4, 1)", "weight"], "second": ["weight"]}
    assert "no multiple of 4" in by_path["second"].note
    assert {row.kind for row in found.weights} == {"Dense"}
    assert json.dumps(found.to_dict())
    assert "64x90  Dense: smaller from 0.2" in str(found)
    assert "removed channels" in str(found)


def test_the_break_even_is_where_the_encoder_breaks_even(converted, zeroed):
    share = break_even(300, 784, itemsize=4)
    for sparsity, encoding in [(share + 0.01, "csr"), (share - 0.03, "dense")]:
        _, rows = encode(zeroed(converted("lenet"), sparsity, only=(300, 784)))
        assert next(r for r in rows if r.shape == (300, 784)).encoding == encoding


def test_convolutions_are_told_apart():
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((8, 8, 16)),
            layers.Conv2D(32, 3, name="conv"),
            layers.Conv2D(32, 1, name="pointwise"),
            layers.DepthwiseConv2D(3, name="depthwise"),
            layers.Conv2DTranspose(8, 3, name="transposed"),
            layers.Reshape((-1, 8)),
            layers.LSTM(16, name="lstm"),
        ]
    )
    found = advise(model)
    kinds = {row.path.rpartition("/")[0].split("/")[-1]: row for row in found.weights}
    assert kinds["conv"].kind == "convolution"
    assert kinds["pointwise"].kind == "1x1 convolution"
    assert kinds["depthwise"].kind == "depthwise convolution"
    assert kinds["transposed"].kind == "transposed convolution"
    assert kinds["transposed"].smaller_from_float16 is None
    assert {row.kind for row in found.weights if "lstm" in row.path} == {"recurrent"}
    assert all(row.faster == () for row in found.weights)
    assert "no TFLite file yet" in found.notes[0]


@pytest.mark.parametrize("is_sound", [True, False])
def test_1x1_convolutions_get_faster_on_phones_only_in_a_sound_graph(is_sound):
    import keras

    layers = keras.layers
    middle = layers.ReLU() if is_sound else layers.MaxPooling2D()
    model = keras.Sequential(
        [
            layers.Input((16, 16, 3)),
            layers.ZeroPadding2D(1),
            layers.Conv2D(8, 3, strides=2),
            layers.Conv2D(8, 1, activation="relu"),
            middle,
            layers.Conv2D(64, 1, name="pointwise"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(4),
        ]
    )
    found = advise(model)
    row = next(row for row in found.weights if "pointwise" in row.path)
    assert [str(way) for way in row.faster] == (
        ["weight from 0.68 (ARM, and x86 without AVX)"] if is_sound else []
    )
    assert (row.smaller_from is not None) == is_sound
    assert ("MAX_POOL_2D" in found.notes[0]) != is_sound
    assert dense_tflite(model, signature(model)).subgraphs


def test_what_is_never_smaller_says_so():
    assert break_even(2, 3, itemsize=4) is None
    assert np.isclose(break_even(1000, 1000, itemsize=4), 0.34)
