import json

import pytest

from tfticket.errors import ExportError
from tfticket.export import encode, latency
from tfticket.litert.stopwatch import kernels


def op(name, inputs, outputs):
    return {"op_name": name, "inputs": inputs, "outputs": outputs}


def test_files_are_timed_in_turn_with_the_kernels_that_ran(converted, zeroed, tmp_path):
    dense = zeroed(converted("lenet"), 0.9, block=4)
    paths = [tmp_path / "dense.tflite", tmp_path / "blocks.tflite"]
    paths[0].write_bytes(dense)
    paths[1].write_bytes(encode(dense, encoding="compute")[0])
    found = latency(paths, num_rounds=3)
    assert (found.batch_size, found.num_threads, found.num_rounds) == (1, 1, 3)
    first, second = found.files
    assert first.speed_p50 == 1.0
    assert first.delegated["FULLY_CONNECTED"] == 3
    assert first.builtin == {}
    assert second.builtin == {"FULLY_CONNECTED": 3}
    assert 0 < second.p10_ms <= second.p50_ms <= second.p90_ms
    assert second.file_bytes < first.file_bytes
    assert json.dumps(found.to_dict())
    assert "1 thread, 3 rounds in turn, " in str(found)
    assert "own kernels: FULLY_CONNECTED x3; XNNPACK: none" in str(found)


def test_what_lies_between_the_ends_of_a_delegate_ran_inside_it():
    listed = [
        op("DENSIFY", [1], [2]),
        op("FULLY_CONNECTED", [0, 3, -1], [4]),
        op("FULLY_CONNECTED", [4, 2, -1], [5]),
        op("SOFTMAX", [5], [6]),
        op("DELEGATE", [1], [2]),
        op("DELEGATE", [4, 2], [6]),
    ]
    inside, own = kernels(listed)
    assert inside == {"DENSIFY": 1, "FULLY_CONNECTED": 1, "SOFTMAX": 1}
    assert own == {"FULLY_CONNECTED": 1}


def test_a_file_that_does_not_run_is_an_error(tmp_path):
    path = tmp_path / "text.tflite"
    path.write_text("no model")
    with pytest.raises(ExportError, match=r"text\.tflite could not be timed: the runtime failed"):
        latency([path])


@pytest.mark.parametrize(
    ("paths", "options", "error", "message"),
    [
        ([], {}, ValueError, "at least one file"),
        (["missing.tflite"], {}, FileNotFoundError, "must exist"),
        (["missing.tflite"], {"num_threads": 0}, ValueError, "`num_threads` must be at least 1"),
    ],
)
def test_choices_that_do_not_exist_are_refused(paths, options, error, message):
    with pytest.raises(error, match=message):
        latency(paths, **options)
