import dataclasses
import importlib
import json
import logging
import os
import sys

import numpy as np
import pytest

from tfticket.errors import ExportError, MissingDependencyError
from tfticket.export import inspect, tflite
from tfticket.export.convert import dense_tflite
from tfticket.tflite import flatbuffer
from tfticket.tflite.encoder import encode_file

# The package attribute of this name is the function.
LAYOUTS = importlib.import_module("tfticket.export.layouts")


def dense_batch(path):
    subgraph = flatbuffer.read(path.read_bytes()).subgraphs[0]
    return [int(subgraph.tensors[i].shapeSignature[0]) for i in subgraph.inputs]


def corrupted(blob):
    """The same file with one bit of one sparse value changed."""
    model = flatbuffer.read(blob)
    buffer = next(
        model.buffers[t.buffer] for t in model.subgraphs[0].tensors if t.sparsity is not None
    )
    values = buffer.data.copy()
    values[-2] ^= 64
    buffer.data = values
    return flatbuffer.write(model)


def test_storage_is_smaller_checked_and_reported(small, tmp_path):
    path = tmp_path / "new" / "small.tflite"
    report = tflite(small, path)
    assert report.layout == "storage"
    assert report.file_bytes == path.stat().st_size < 0.4 * report.dense_file_bytes
    assert {row.reader for row in report.tensors} == {"densify"}
    assert [a.layout for a in report.tried] == ["storage"]
    assert report.num_samples == 256
    against = {(c.file, c.reference, c.has_delegates, c.batch_size) for c in report.verification}
    assert len(against) == 12
    assert max(c.max_abs_diff for c in report.verification if c.reference == "dense twin") == 0
    assert any("DENSIFY" in note and "nothing faster" in note for note in report.notes)
    assert dense_batch(path) == [-1]
    assert os.listdir(path.parent) == ["small.tflite"]
    kept = sum(int(np.count_nonzero(w)) for w in small.get_weights())
    assert inspect(path).num_nonzero == kept


def test_the_report_is_data_first_and_text_second(small, tmp_path):
    report = tflite(small, tmp_path / "small.tflite", num_samples=4)
    plain = json.loads(json.dumps(report.to_dict()))
    assert plain["tensors"][0]["encoding"] == "csr"
    assert plain["runtime"].startswith("ai-edge-litert ")
    for words in ("layout storage", "csr densify", "tried storage", "4 inputs", "note: DENSIFY"):
        assert words in str(report)


def test_compute_keeps_blocks_and_reads_them_directly(keras, small, tmp_path):
    generator = np.random.default_rng(0)
    weights = small.get_weights()
    for weight in weights:
        if weight.ndim == 2:
            blocks = generator.random((weight.shape[0] // 4, weight.shape[1])) < 0.2
            weight[:] = np.repeat(blocks, 4, axis=0) * generator.normal(size=weight.shape)
    small.set_weights(weights)
    report = tflite(small, tmp_path / "small.tflite", sparse="compute", num_samples=16)
    assert report.layout == "compute"
    assert {(row.encoding, row.reader) for row in report.tensors} == {("1x4", "direct")}
    worst = max(c.relative_diff for c in report.verification if c.reference == "dense twin")
    assert worst <= 1e-6
    (note,) = report.notes
    assert "not for microcontrollers" in note and "sparse='none'" in note


def test_a_dense_model_stays_dense(small, tmp_path):
    small.set_weights([np.random.default_rng(0).normal(size=w.shape) for w in small.get_weights()])
    report = tflite(small, tmp_path / "small.tflite", num_samples=8)
    assert report.layout == "dense"
    assert report.file_bytes == report.dense_file_bytes
    assert "no weight is smaller" in report.tried[-1].reason


def test_several_inputs_and_outputs_keep_their_names(keras, tmp_path):
    left, right = keras.Input((24,), name="left"), keras.Input((40,), name="right")
    joined = keras.layers.Concatenate()([left, right])
    head = keras.layers.Dense(50, name="head")(joined)
    model = keras.Model(
        {"left": left, "right": right}, [head, keras.layers.Dense(9, name="tail")(head)]
    )
    generator = np.random.default_rng(0)
    model.set_weights([w * (generator.random(w.shape) < 0.1) for w in model.get_weights()])
    given = {"left": generator.random((5, 24)), "right": generator.random((5, 40))}
    path = tmp_path / "two.tflite"
    report = tflite(model, path, inputs=given)
    assert (report.layout, report.num_samples, report.inputs) == ("storage", 5, "given")
    (found,) = flatbuffer.read(path.read_bytes()).signatureDefs
    assert {m.name for m in found.inputs} == {b"left", b"right"}
    assert {m.name for m in found.outputs} == {b"head", b"tail"}
    assert dense_batch(path) == [-1, -1]


def test_subclassed_models_are_exported_with_examples(keras, tmp_path):
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(5)

        def call(self, inputs):
            return self.dense(inputs)

    model, examples = Net(), np.random.default_rng(0).normal(size=(4, 60))
    model(examples.astype(np.float32))
    with pytest.raises(ValueError, match="`inputs` must be given"):
        tflite(model, tmp_path / "net.tflite")
    report = tflite(model, tmp_path / "net.tflite", inputs=examples)
    assert report.num_samples == 4


def test_nets_that_phones_rewrite_stay_dense_and_say_why(keras, tmp_path):
    layers = keras.layers
    entry = [layers.Input((8, 8, 3)), layers.ZeroPadding2D(1), layers.Conv2D(4, 3, strides=2)]
    inside = [layers.Conv2D(40, 1), layers.MaxPooling2D(), layers.Conv2D(40, 1)]
    head = [layers.GlobalAveragePooling2D(), layers.Dense(30)]
    model = keras.Sequential([*entry, *inside, *head])
    generator = np.random.default_rng(0)
    for share, layout in [(0.5, "storage"), (0.2, "dense")]:  # kept; phones want under a third
        drawn = [generator.normal(size=w.shape) for w in model.get_weights()]
        model.set_weights([w * (generator.random(w.shape) < share) for w in drawn])
        report = tflite(model, tmp_path / "conv.tflite", num_samples=8)
        assert report.layout == layout
        said = [row.reason for row in report.tensors if row.shape[0] != 4]
        assert all("MAX_POOL_2D" in reason for reason in said) == (layout == "dense")


def encode_wrongly(dense, encoding):
    encoded = encode_file(dense, encoding)
    if encoded.blob is dense.blob:
        return encoded
    return dataclasses.replace(encoded, blob=corrupted(encoded.blob))


def test_a_wrong_value_is_caught_and_the_dense_file_handed_over(small, tmp_path, monkeypatch):
    monkeypatch.setattr(LAYOUTS, "encode_file", encode_wrongly)
    path = tmp_path / "small.tflite"
    report = tflite(small, path, sparse="compute", num_samples=8)
    assert [a.passed for a in report.tried] == [False, False, True]
    assert "other values" in report.tried[0].reason
    assert report.layout == "dense"
    assert inspect(path).file_bytes == report.dense_file_bytes


def test_a_wrong_value_is_caught_by_running_the_file_alone(small, tmp_path, monkeypatch):
    monkeypatch.setattr(LAYOUTS, "encode_file", encode_wrongly)
    monkeypatch.setattr(LAYOUTS, "differing_weight", lambda *_: "")
    report = tflite(small, tmp_path / "small.tflite", num_samples=8)
    first, second = report.tried
    assert (first.layout, first.passed, second.layout) == ("storage", False, "dense")
    assert "against dense twin" in first.reason
    assert any(not check.passed for check in report.verification)


def test_a_file_larger_than_dense_is_never_handed_over(small, tmp_path, monkeypatch):
    def encode_wastefully(dense, encoding):
        encoded = encode_file(dense, encoding)
        if encoded.blob is dense.blob:
            return encoded
        return dataclasses.replace(encoded, blob=dense.blob + b"\0")

    monkeypatch.setattr(LAYOUTS, "encode_file", encode_wastefully)
    report = tflite(small, tmp_path / "small.tflite", num_samples=4)
    assert report.layout == "dense"
    assert "not fewer" in report.tried[0].reason


def test_a_conversion_that_computes_something_else_leaves_the_old_file(
    small, tmp_path, monkeypatch
):
    def convert_wrongly(model, given, module):
        weights = model.get_weights()
        model.set_weights([w * 1.01 for w in weights])
        try:
            return dense_tflite(model, given, module)
        finally:
            model.set_weights(weights)

    monkeypatch.setattr("tfticket.export.source.dense_tflite", convert_wrongly)
    path = tmp_path / "small.tflite"
    path.write_bytes(b"old")
    with pytest.raises(ExportError, match="does not compute what the Keras model does"):
        tflite(small, path, num_samples=8, overwrite=True)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["small.tflite"]


def test_an_interrupted_export_leaves_the_old_file(small, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(LAYOUTS, "differing_weight", interrupt)
    path = tmp_path / "small.tflite"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        tflite(small, path, num_samples=4, overwrite=True)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["small.tflite"]


def test_what_the_converter_refuses_is_an_error_with_its_words(keras, tmp_path):
    layers = keras.layers
    model = keras.Sequential([layers.Input((6, 8)), layers.LSTM(4)])
    with pytest.raises(ExportError, match=r"converter refused .*TensorListReserve.*unroll=True"):
        tflite(model, tmp_path / "lstm.tflite")
    assert not os.listdir(tmp_path)


def test_an_unverified_file_says_so(small, tmp_path):
    report = tflite(small, tmp_path / "small.tflite", verify=False)
    assert report.verification == ()
    assert any("never run" in note for note in report.notes)


def test_an_export_is_quiet_and_leaves_logging_alone(small, tmp_path, capfd):
    loggers = [logging.getLogger(name) for name in ("", "tensorflow", "absl")]
    before = [(logger.level, list(logger.handlers), list(logger.filters)) for logger in loggers]
    legacy = os.environ.get("TF_USE_LEGACY_KERAS")
    capfd.readouterr()
    tflite(small, tmp_path / "small.tflite", num_samples=4)
    assert capfd.readouterr() == ("", "")
    assert before == [(x.level, list(x.handlers), list(x.filters)) for x in loggers]
    assert os.environ.get("TF_USE_LEGACY_KERAS") == legacy


def test_the_same_model_gives_the_same_bytes(small, tmp_path):
    for name in ("first", "second"):
        tflite(small, tmp_path / name, verify=False)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_the_batch_size_of_a_model_that_fixes_it_is_kept(keras, tmp_path):
    given = keras.Input(batch_shape=(2, 40))
    model = keras.Model(given, keras.layers.Dense(6)(given))
    report = tflite(model, tmp_path / "fixed.tflite", num_samples=5)
    assert {check.batch_size for check in report.verification} == {2}


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"weights": "int4"}, r"`weights` must be one of \('float32', .*weights='int4'"),
        ({"weights": "int8"}, "`representative_data` must be given for int8"),
        ({"representative_data": np.ones((3, 64))}, "for int8 and for nothing else"),
        ({"sparse": "csr"}, "`sparse` must be one of .*sparse='csr'"),
        ({"num_samples": 0}, "`num_samples` must be at least 1"),
        ({"inputs": np.ones((3, 63))}, "`inputs` must be at least one example"),
        ({"inputs": np.ones((0, 64))}, "`inputs` must be at least one example"),
    ],
)
def test_choices_that_do_not_exist_are_refused(small, tmp_path, choice, message):
    with pytest.raises(ValueError, match=message):
        tflite(small, tmp_path / "small.tflite", **choice)
    assert not os.listdir(tmp_path)


def test_without_the_runtime_the_message_says_how_to_get_it(small, tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("ai_edge_litert")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "tfticket\[export\]"'):
        tflite(small, tmp_path / "small.tflite")
    assert not os.listdir(tmp_path)


def test_what_no_file_holds_is_refused_before_it_is_converted(small, tmp_path, monkeypatch):
    weights = 4 * small.count_params()
    monkeypatch.setattr("tfticket.export.convert.MOST_BYTES", weights - 1)
    monkeypatch.setattr("tfticket.export.convert._convert", None)
    with pytest.raises(ExportError, match="at most 2 GB, .*Write `export.savedmodel`"):
        tflite(small, tmp_path / "a.tflite")
    assert not (tmp_path / "a.tflite").exists()
