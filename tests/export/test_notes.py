"""What an export says besides its figures, and what it says instead of a converter's words."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfticket import export
from tfticket.errors import ExportError


def test_inputs_in_another_order_are_said(keras, tmp_path):
    layers = keras.layers
    zebra, apple = layers.Input((4,), name="zebra"), layers.Input((3,), name="apple")
    x = layers.Concatenate()([layers.Dense(4)(zebra), apple])
    model = keras.Model([zebra, apple], layers.Dense(2)(x))
    report = export.tflite(model, tmp_path / "a.tflite", num_samples=4)
    (note,) = report.notes
    assert "in the order apple, zebra; the model's is zebra, apple" in note
    same = keras.Model([apple, zebra], layers.Dense(2)(x))
    assert export.tflite(same, tmp_path / "b.tflite", num_samples=4).notes == ()


def test_an_int8_file_that_is_larger_says_why(tmp_path):
    """tf_keras repeats steps by cutting them apart: one activation each."""
    import tf_keras

    layers = tf_keras.layers
    repeated = [layers.UpSampling1D(2), layers.Conv1D(4, 3)]
    model = tf_keras.Sequential([layers.Input((16, 8)), layers.Conv1D(8, 3), *repeated])
    examples = np.random.default_rng(0).normal(size=(8, 16, 8)).astype("float32")
    options = {"weights": "int8", "representative_data": examples}
    report = export.tflite(model, tmp_path / "a.tflite", **options)
    (note,) = [n for n in report.notes if "larger than the dense float32" in n]
    assert f"{report.file_bytes:,} bytes and not" in note and "made by SPLIT" in note


def squeezed(keras):
    layers = keras.layers
    image = layers.Input((16, 16, 3))
    x = layers.Conv2D(8, 3, strides=2)(layers.ZeroPadding2D(1)(image))
    x = layers.Conv2D(64, 1)(layers.ReLU(6.0)(x))
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Conv2D(64, 1)(layers.Conv2D(32, 1)(x))
    model = keras.Model(image, layers.Reshape((64,))(x))
    weights = model.get_weights()
    generator = np.random.default_rng(0)
    model.set_weights([w * (generator.random(w.shape) > 0.9) for w in weights])
    return model


def test_a_reason_that_many_weights_share_stands_once(keras, tmp_path):
    report = export.tflite(squeezed(keras), tmp_path / "a.tflite", num_samples=4)
    shared = [row for row in report.tensors if row.reason.startswith("G6: ")]
    assert report.layout == "dense" and len(shared) >= 3
    text = str(report)
    assert text.count("keeps its dimensions") == text.count("[1] G6: ") == 1
    assert text.count("see [1]") == len(shared)
    assert "tried dense: phones would be wrong (G6), passed every comparison" in text
    assert max(len(line) for line in text.splitlines() if "[1]" in line) <= 120


def test_an_operation_without_a_kernel_is_named(keras, tmp_path):
    class Own(keras.layers.Layer):
        def call(self, inputs):
            return tf.math.lgamma(tf.abs(inputs) + 1)

        def compute_output_shape(self, shape):
            return shape

    def model(**options):
        given = keras.layers.Input(**options)
        return keras.Model(given, Own(name="own")(keras.layers.Dense(4)(given)))

    with pytest.raises(ExportError, match=r"TFLite has no kernel for '.*Lgamma'.*batch_shape"):
        export.tflite(model(shape=(3,)), tmp_path / "a.tflite", num_samples=4)


def test_what_user_code_says_is_told_and_open_lengths_are_named(keras, tmp_path):
    mood = {"is_broken": False}

    class Own(keras.layers.Layer):
        def call(self, inputs):
            if mood["is_broken"] and not tf.executing_eagerly():
                raise ValueError("too short a row")
            return inputs

        def compute_output_shape(self, shape):
            return shape

    given = keras.layers.Input((None, 3), name="rows")
    model = keras.Model(given, Own(name="own")(given))
    examples = np.random.default_rng(0).normal(size=(4, 5, 3)).astype("float32")
    mood["is_broken"] = True
    with pytest.raises(ExportError) as caught:
        export.tflite(model, tmp_path / "a.tflite", inputs=examples)
    said = str(caught.value)
    assert "too short a row" in said and "in user code" not in said and "\x1b" not in said
    assert "Lengths of ['rows'] are open: build the model with an Input of fixed lengths" in said


def test_a_bilinear_upsampling_of_open_shapes_says_what_to_do(tmp_path):
    import keras

    given = keras.layers.Input((None, None, 3))
    layer = keras.layers.UpSampling2D(2, interpolation="bilinear", name="up")
    examples = np.random.default_rng(0).normal(size=(4, 6, 6, 3)).astype("float32")
    with pytest.raises(ExportError, match=r"UpSampling2D.call\(\)\. .*fixed lengths"):
        export.tflite(keras.Model(given, layer(given)), tmp_path / "a.tflite", inputs=examples)
