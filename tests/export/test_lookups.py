"""Layers that look tokens up, adapted to data or not: saved, pruned, shrunk."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfticket import weights
from tfticket.callbacks import EnforceMasks
from tfticket.cloning import clone, remade
from tfticket.errors import ExportError
from tfticket.export import savedmodel, tflite
from tfticket.pruning import prune
from tfticket.schedules import OneShot
from tfticket.slimming import channel_masks, max_relative_difference, shrink

# tf_keras' own Discretization
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

WORDS = np.array([["a"], ["b"], ["c"], ["a"]])
NUMBERS = np.array([[1], [2], [5], [1]], "int64")
VALUES = np.array([[1.0], [2.0], [5.0], [1.5]], "float32")


def adapted(layer, data):
    layer.adapt(data)
    return layer, data


#: `{name: a layer and what it looks up}`
LOOKUPS = {
    "vocabulary": lambda layers: (
        layers.StringLookup(vocabulary=["a", "b", "c"], output_mode="one_hot"),
        WORDS,
    ),
    "words": lambda layers: adapted(layers.StringLookup(output_mode="one_hot"), WORDS),
    "numbers": lambda layers: adapted(layers.IntegerLookup(output_mode="one_hot"), NUMBERS),
    "text": lambda layers: adapted(layers.TextVectorization(output_mode="multi_hot"), WORDS),
    "tf_idf": lambda layers: adapted(layers.TextVectorization(output_mode="tf_idf"), WORDS),
    "bins": lambda layers: adapted(
        layers.Discretization(num_bins=3, output_mode="one_hot"), VALUES
    ),
}


@pytest.fixture(params=LOOKUPS)
def model_and_inputs(keras, request):
    layers = keras.layers
    lookup, data = LOOKUPS[request.param](layers)
    x = keras.Input((1,), dtype="string" if data is WORDS else data.dtype.name)
    y = layers.Dense(8, activation="relu", bias_initializer="ones", name="hidden")(lookup(x))
    return keras.Model(x, layers.Dense(2, name="out")(y)), tf.constant(data)


def test_a_savedmodel_holds_the_tables(model_and_inputs, tmp_path):
    model, inputs = model_and_inputs
    assert savedmodel(model, tmp_path / "saved", inputs=inputs).max_abs_diff == 0
    loaded = tf.saved_model.load(str(tmp_path / "saved"))  # its function does not keep it alive
    np.testing.assert_array_equal(loaded.serve(inputs)["output_0"], model(inputs))


def test_only_kernels_are_pruned_and_stay_so(model_and_inputs):
    model, inputs = model_and_inputs
    masks = prune(model, score="magnitude", schedule=OneShot(0.5)).masks
    assert set(masks) == {"hidden/kernel", "out/kernel"}
    model.compile("sgd", "mse")
    model.fit(inputs, np.zeros((4, 2)), verbose=0, callbacks=[EnforceMasks(masks)])
    held = weights.read(model)
    assert all((held[path][~mask] == 0).all() for path, mask in masks.items())


def test_a_smaller_model_and_a_copy_know_what_was_adapted(model_and_inputs):
    model, inputs = model_and_inputs
    masks = channel_masks(model, 0.5)
    shrunk = shrink(model, masks).model
    assert max_relative_difference(model, masks, shrunk, inputs) < 1e-6
    copy = clone(model, remade)
    weights.write(copy, weights.read_all(model))
    np.testing.assert_array_equal(copy(inputs), model(inputs))


def test_no_tflite_file_takes_text(keras, tmp_path):
    layers = keras.layers
    lookup, inputs = LOOKUPS["vocabulary"](layers)
    x = keras.Input((1,), dtype="string")
    model = keras.Model(x, layers.Dense(2)(lookup(x)))
    with pytest.raises(ExportError, match="takes text"):
        tflite(model, tmp_path / "model.tflite", inputs=inputs)
