"""Files of smaller weights: float16, dynamic and int8."""

import importlib
import os

import numpy as np
import pytest

from tfticket.errors import ExportError
from tfticket.export import tflite
from tfticket.export.convert import quantized_tflite
from tfticket.tflite import flatbuffer
from tfticket.tflite.file import File

# The package attribute of this name is the function.
TFLITE = importlib.import_module("tfticket.export.tflite")


def zeros_of(model):
    return sum(int((w == 0).sum()) for w in model.get_weights() if w.ndim == 2)


def test_float16_is_half_as_large_and_unpacked(small, tmp_path):
    report = tflite(small, tmp_path / "small.tflite", weights="float16", num_samples=16)
    assert (report.weights, report.layout) == ("float16", "storage")
    assert {(row.type, row.reader) for row in report.tensors} == {("float16", "densify")}
    twins = [c for c in report.verification if c.reference == "dense twin"]
    assert {c.relative_diff for c in twins} == {0.0}
    assert all(c.rms_diff < 2e-3 for c in report.verification)
    assert report.zeros_after >= report.zeros_before == zeros_of(small)


def test_dynamic_files_are_dense_with_their_zeros(small, tmp_path):
    report = tflite(small, tmp_path / "small.tflite", weights="dynamic", num_samples=16)
    assert report.layout == "dense"
    assert {row.type for row in report.tensors} == {"int8", "float32"}
    assert report.zeros_after >= report.zeros_before == zeros_of(small)
    assert any("stay dense" in note for note in report.notes)


def test_int8_is_calibrated_on_examples_and_keeps_zeros(small, tmp_path):
    typical = np.random.default_rng(0).normal(size=(32, 64))
    path = tmp_path / "small.tflite"
    report = tflite(small, path, weights="int8", representative_data=typical)
    assert (report.layout, report.inputs, report.num_samples) == ("dense", "given", 32)
    assert {row.type for row in report.tensors} == {"int8"}
    assert report.zeros_after >= report.zeros_before == zeros_of(small)
    assert all(0 < c.rms_diff < c.rms_tolerance == 0.05 for c in report.verification)
    assert "root mean square" in str(report.verification[0])


@pytest.mark.parametrize("names", [("image", "vector"), ("vector", "image")])
def test_each_input_is_calibrated_on_its_own_examples(keras, names, tmp_path):
    """The converter orders inputs by itself: ranges of one must not be measured on the other."""
    rng = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    first, second = (keras.Input((6,), name=name) for name in names)
    scaled = keras.layers.Concatenate()([first, keras.layers.Rescaling(0.01)(second)])
    model = keras.Model([first, second], keras.layers.Dense(4, name="output")(scaled))
    typical = [rng.normal(size=(64, 6)), 100 * rng.normal(size=(64, 6))]
    report = tflite(model, tmp_path / "two.tflite", weights="int8", representative_data=typical)
    assert all(0 < c.relative_diff < 0.03 for c in report.verification)


def test_int8_of_recurrent_layers_is_refused_before_the_calibrator_dies(keras, tmp_path):
    given = keras.Input(batch_shape=(1, 5, 8))
    model = keras.Model(given, keras.layers.LSTM(4)(given))
    with pytest.raises(ExportError, match="(without loops|carries its state over).*unroll=True"):
        typical = np.random.default_rng(0).normal(size=(4, 5, 8))
        tflite(model, tmp_path / "lstm.tflite", weights="int8", representative_data=typical)
    assert not os.listdir(tmp_path)


def test_a_conversion_that_loses_a_zero_is_refused(small, tmp_path, monkeypatch):
    def convert_wrongly(*args, **options):
        model = flatbuffer.read(quantized_tflite(*args, **options).blob)
        tensor = next(t for t in model.subgraphs[0].tensors if flatbuffer.shape(t) == (96, 64))
        buffer = model.buffers[tensor.buffer]
        halves = buffer.data.view(np.float16).copy()
        halves[np.flatnonzero(halves == 0)[0]] = 1e-7
        buffer.data = halves.view(np.uint8)
        return File(flatbuffer.write(model))

    monkeypatch.setattr(TFLITE, "quantized_tflite", convert_wrongly)
    with pytest.raises(ExportError, match="other values|lost zeros"):
        tflite(small, tmp_path / "small.tflite", weights="float16", num_samples=4)
    assert not os.listdir(tmp_path)
