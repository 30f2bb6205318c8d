import importlib
import os
import sys

import numpy as np
import pytest

from tfticket.errors import ExportError, MissingDependencyError

# The package attribute of this name is the function.
ONNX = importlib.import_module("tfticket.export.onnx")
onnx = ONNX.onnx


@pytest.fixture
def convolved(keras):
    """Two inputs, two outputs, a normalisation, and zeros."""
    layers = keras.layers
    image, extra = layers.Input((6, 6, 2), name="image"), layers.Input((3,), name="extra")
    x = layers.BatchNormalization(name="bn")(layers.Conv2D(4, 3, name="conv")(image))
    x = layers.Concatenate(name="join")([layers.GlobalAveragePooling2D(name="pool")(x), extra])
    outputs = [layers.Dense(5, name="first")(x), layers.Dense(2, name="second")(x)]
    model = keras.Model([image, extra], outputs)
    generator = np.random.default_rng(0)
    model.set_weights([w * (generator.random(w.shape) < 0.5) for w in model.get_weights()])
    return model


def test_onnxruntime_computes_what_keras_does(convolved, tmp_path):
    pytest.importorskip("tf2onnx")
    pytest.importorskip("onnxruntime")
    report = onnx(convolved, tmp_path / "model.onnx")
    assert report.num_samples == 8
    assert report.relative_diff < 1e-5
    assert report.raw_bytes == (tmp_path / "model.onnx").stat().st_size


def test_a_file_that_computes_something_else_is_not_written(small, tmp_path, monkeypatch):
    pytest.importorskip("tf2onnx")
    pytest.importorskip("onnxruntime")
    right = ONNX._run
    monkeypatch.setattr(ONNX, "_run", lambda *a: {n: y + 1 for n, y in right(*a).items()})
    with pytest.raises(ExportError, match="does not compute what the model does"):
        onnx(small, tmp_path / "model.onnx")
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("missing", ["tf2onnx", "onnxruntime"])
def test_a_missing_library_is_named_with_its_extra(small, tmp_path, monkeypatch, missing):
    for name in {"tf2onnx", "onnxruntime"} - {missing}:
        monkeypatch.setitem(sys.modules, name, os)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingDependencyError, match=rf"`{missing}` is needed.*tfticket\[onnx\]"):
        onnx(small, tmp_path / "model.onnx")
