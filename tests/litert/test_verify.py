import numpy as np
import pytest

from tfticket.export import encode, inspect, verify
from tfticket.litert.comparison import Tolerance, compare
from tfticket.litert.verify import run
from tfticket.tflite import flatbuffer

IMAGE = np.random.default_rng(0).normal(size=(7, 784)).astype(np.float32)


@pytest.fixture
def saved(converted, zeroed, tmp_path):
    """A sparse LeNet-300-100 on disk."""
    path = tmp_path / "lenet.tflite"
    path.write_bytes(encode(zeroed(converted("lenet"), 0.9))[0])
    return path


def test_a_file_runs_with_and_without_delegates_at_every_batch_size(saved, outputs):
    runs = run(saved, {"image": IMAGE}, batch_sizes=(1, 3))
    assert [(r.has_delegates, r.batch_size) for r in runs] == [
        (True, 1),
        (True, 3),
        (False, 1),
        (False, 3),
    ]
    assert {r.outputs["output_0"].shape for r in runs} == {(7, 10)}
    reference = runs[0].outputs
    found = verify(saved, {"image": IMAGE}, reference, tolerance=1e-6)
    assert found.passed
    assert len(found.checks) == 4


def test_other_outputs_fail_and_say_how_far_off(saved):
    reference = {"output_0": run(saved, {"image": IMAGE})[0].outputs["output_0"] + 1}
    found = verify(saved, {"image": IMAGE}, reference)
    assert not found.passed
    assert found.max_abs_diff == pytest.approx(1, rel=1e-3)
    assert "difference" in found.reason


def test_a_file_that_kills_the_runtime_does_not_kill_the_caller(saved):
    model = flatbuffer.read(saved.read_bytes())
    for tensor in model.subgraphs[0].tensors:
        if tensor.sparsity is not None:  # blocks of width 0
            tensor.sparsity.blockMap = np.array([1], np.int32)
            tensor.sparsity.traversalOrder = np.array([0, 1, 2], np.int32)
            tensor.sparsity.dimMetadata.append(type(tensor.sparsity.dimMetadata[0])(denseSize=0))
    saved.write_bytes(flatbuffer.write(model))
    found = verify(saved, {"image": IMAGE}, {"output_0": np.zeros((7, 10))})
    assert not found.passed
    assert "SIG" in found.reason
    assert found.max_abs_diff == float("inf")
    assert {w.code for w in inspect(saved).warnings} == {"G8"}
    assert "blocks of 0" in inspect(saved).warnings[0].message


def test_what_is_no_model_fails_with_the_words_of_the_runtime(tmp_path):
    path = tmp_path / "text.tflite"
    path.write_text("no model at all")
    (first, *_) = verify(path, {"image": IMAGE}, {"output_0": IMAGE}).checks
    assert not first.passed
    assert "the runtime failed" in first.error


def test_a_run_that_takes_too_long_is_given_up(saved):
    (first, *_) = run(saved, {"image": IMAGE}, timeout_seconds=0.01)
    assert "did not finish" in first.error


def test_outputs_of_other_names_are_not_compared(saved):
    runs = run(saved, {"image": IMAGE})
    found = compare(runs, [{"logits": IMAGE}] * len(runs), tolerance=Tolerance(1.0))
    assert "['output_0'], not ['logits']" in found.reason


def test_files_without_signature_are_fed_in_order(saved):
    model = flatbuffer.read(saved.read_bytes())
    expected = run(saved, {"image": IMAGE})[0].outputs["output_0"]
    model.signatureDefs = None
    saved.write_bytes(flatbuffer.write(model))
    for one in run(saved, {"anything": IMAGE}):
        np.testing.assert_allclose(one.outputs["output_0"], expected, atol=1e-5)
