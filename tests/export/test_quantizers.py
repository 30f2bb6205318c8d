"""What rounds weights beside TensorFlow's converter: ai-edge-quantizer, tfmot and Keras 3."""

import importlib
import os
import sys

import numpy as np
import pytest
import tf_keras

from tfticket import _tfmot, weights
from tfticket.callbacks import EnforceMasks
from tfticket.errors import ExportError, MismatchError, MissingDependencyError
from tfticket.export import Quantized, keras_file, quantize_aware, tflite
from tfticket.litert.quiet import quiet
from tfticket.masks import Masks
from tfticket.tickets import Ticket


@pytest.mark.parametrize("kind", ["dynamic", "int8"])
def test_ai_edge_quantizer_keeps_zeros_and_float_ends(small, tmp_path, kind):
    pytest.importorskip("ai_edge_quantizer")
    typical = np.random.default_rng(0).normal(size=(16, 64)).astype(np.float32)
    data = {"representative_data": typical} if kind == "int8" else {"inputs": typical}
    report = tflite(small, tmp_path / "a.tflite", weights=Quantized(kind, "ai-edge"), **data)
    zeros = sum(int((w == 0).sum()) for w in small.get_weights() if w.ndim == 2)
    assert report.zeros_after >= report.zeros_before == zeros
    kernels = [row for row in report.tensors if len(row.shape) == 2]
    assert {row.type for row in kernels} == {"int8"}
    assert any("rounded by ai-edge-quantizer" in note for note in report.notes)
    assert all(check.passed for check in report.verification)


def test_without_the_quantizer_its_extra_is_named(small, tmp_path, monkeypatch):
    for name in [n for n in sys.modules if n.startswith("ai_edge_quantizer")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "ai_edge_quantizer", None)
    with pytest.raises(MissingDependencyError, match=r"tfticket\[quantizer\]"):
        tflite(small, tmp_path / "a.tflite", weights=Quantized("dynamic", "ai-edge"))


def test_quantizers_that_do_not_exist_or_do_not_fit_are_refused(small, tmp_path):
    with pytest.raises(ValueError, match="`quantizer` must be one of"):
        tflite(small, tmp_path / "a.tflite", weights=Quantized("int8", "other"))
    with pytest.raises(ValueError, match="'converter' for floats"):
        tflite(small, tmp_path / "a.tflite", weights=Quantized("float32", "ai-edge"))


@pytest.fixture(scope="module")
def pruned():
    """A tf_keras net of each kind of kernel with 80 % zeros, and its masks."""
    tf_keras.utils.set_random_seed(0)
    layers = tf_keras.layers
    model = tf_keras.Sequential(
        [
            layers.Input((8, 8, 2)),
            layers.Conv2D(8, 3, use_bias=False, name="conv"),
            layers.BatchNormalization(name="bn"),
            layers.ReLU(name="relu"),
            layers.DepthwiseConv2D(3, name="depthwise"),
            layers.Flatten(name="flatten"),
            layers.Dense(4, name="head"),
        ]
    )
    generator = np.random.default_rng(0)
    kernels = weights.prunable_weights(model).variables
    masks = Masks({p: generator.random(tuple(v.shape)) < 0.2 for p, v in kernels.items()})
    weights.write(model, {p: np.asarray(v) * masks[p] for p, v in kernels.items()})
    return model, masks


def trained(model, *callbacks):
    generator = np.random.default_rng(1)
    images = generator.normal(size=(32, 8, 8, 2)).astype(np.float32)
    loss = tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(tf_keras.optimizers.SGD(0.1), loss)
    labels = generator.integers(0, 4, 32)
    model.fit(images, labels, epochs=2, verbose=0, callbacks=list(callbacks))
    return images


def num_zeros(model, masks):
    found = weights.prunable_weights(model).variables
    return {p: int((np.asarray(found[p])[~masks[p]] == 0).sum()) for p in masks}


def test_masks_hold_through_training_for_int8_and_into_the_file(pruned, tmp_path):
    model, masks = pruned
    before = num_zeros(model, masks)
    aware, renamed = quantize_aware(model, masks)
    wrapped = ["quant_conv/kernel", "quant_depthwise/depthwise_kernel", "quant_head/kernel"]
    assert list(renamed) == wrapped
    images = trained(aware, EnforceMasks(renamed))
    after = num_zeros(aware, renamed)
    assert list(after.values()) == list(before.values())
    assert num_zeros(model, masks) == before
    report = tflite(aware, tmp_path / "a.tflite", weights="int8", inputs=images)
    # The float twin is rounded in part already, which adds zeros.
    assert report.zeros_after >= report.zeros_before >= sum(before.values())
    assert {row.type for row in report.tensors} == {"int8"}
    assert max(check.rms_diff for check in report.verification) < 0.02


def test_tfmots_own_scheme_lets_depthwise_weights_grow_back(pruned):
    """Why `quantize_aware` enforces masks instead."""
    model, masks = pruned
    quantization = _tfmot.tfmot().quantization.keras
    scheme = _tfmot.tfmot().experimental.combine.Default8BitPrunePreserveQuantizeScheme()
    with quiet():
        annotated = quantization.quantize_annotate_model(model)
        preserving = quantization.quantize_apply(annotated, scheme)
    trained(preserving)
    renamed = quantize_aware(model, masks)[1]
    after, before = num_zeros(preserving, renamed), num_zeros(model, masks)
    assert after["quant_head/kernel"] == before["head/kernel"]
    assert after["quant_depthwise/depthwise_kernel"] < before["depthwise/kernel"]


def test_a_model_trained_for_int8_is_exported_as_int8_only(pruned, tmp_path):
    aware, _ = quantize_aware(*pruned)
    with pytest.raises(ValueError, match="except for an int8 file"):
        tflite(aware, tmp_path / "a.tflite")
    with pytest.raises(ValueError, match="except for an int8 file"):
        keras_file(aware, tmp_path / "a.keras")
    data = np.zeros((4, 8, 8, 2))
    with pytest.raises(ValueError, match="nor for a model trained for int8"):
        tflite(aware, tmp_path / "a.tflite", weights="int8", representative_data=data)
    with pytest.raises(MismatchError, match="elsewhere/kernel"):
        quantize_aware(pruned[0], Masks({"elsewhere/kernel": np.ones((2, 2), bool)}))


def test_keras_3_is_told_why_it_cannot_train_for_int8():
    keras = importlib.import_module("keras")
    model = keras.Sequential([keras.layers.Input((8,)), keras.layers.Dense(4, name="head")])
    with pytest.raises(ValueError, match="must be of tf_keras"):
        quantize_aware(model, Masks({"head/kernel": np.ones((8, 4), bool)}))


def test_keras_3_quantises_with_zeros_kept_and_tflite_refuses_it_with_the_reason(tmp_path):
    keras = importlib.import_module("keras")
    model = keras.Sequential([keras.layers.Input((8,)), keras.layers.Dense(6, name="head")])
    kernel = np.random.default_rng(0).normal(size=(8, 6)) * (np.arange(48).reshape(8, 6) % 3 > 0)
    model.layers[0].set_weights([kernel, np.zeros(6)])
    with quiet():
        model.quantize("int8")
    found = np.asarray(weights.read_all(model)["head/kernel"])
    assert found.dtype == np.int8
    assert (found[kernel == 0] == 0).all()
    with pytest.raises(ExportError, match="quantised by Keras"):
        tflite(model, tmp_path / "a.tflite")
    assert not os.listdir(tmp_path)


def test_a_ticket_alone_has_no_layers_to_export(tmp_path):
    masks = Masks({"head/kernel": np.ones((2, 2), bool)})
    ticket = Ticket(masks, {"head/kernel": np.ones((2, 2), np.float32)})
    with pytest.raises(TypeError, match="ticket.apply"):
        tflite(ticket, tmp_path / "a.tflite")
