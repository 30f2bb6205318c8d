"""What stands in the way on a microcontroller; `benchmarks/microcontroller` has run hundreds."""

import json

import numpy as np
import pytest

from tfticket.export import encode, tflite
from tfticket.tflite import micro
from tfticket.tflite.micro_operators import MICRO_OPERATORS, TYPES, adder


@pytest.fixture
def looked_at(tmp_path):
    def look(blob):
        path = tmp_path / "file.tflite"
        path.write_bytes(blob)
        return micro(path)

    return look


@pytest.mark.parametrize("weights", ["float32", "int8"])
def test_dense_files_have_no_obstacle(converted, looked_at, weights):
    blob = converted("lenet", weights)
    found = looked_at(blob)
    assert (found.obstacles, found.file_bytes) == ((), len(blob))
    assert "AddFullyConnected" in found.resolver
    assert "obstacles: none known" in str(found)


def test_a_sparse_weight_that_is_read_as_it_is_is_garbage_without_a_word(
    converted, zeroed, looked_at
):
    blob, _ = encode(zeroed(converted("lenet"), 0.9, block=4), encoding="compute")
    found = looked_at(blob)
    (obstacle,) = found.obstacles
    assert (obstacle.operator, obstacle.is_silent) == ("FULLY_CONNECTED", True)
    assert "Garbage: export with sparse='none'" in str(found)


def test_what_the_runtime_refuses_is_named(converted, zeroed, looked_at):
    blob, _ = encode(zeroed(converted("lenet"), 0.9), encoding="storage")
    (obstacle,) = looked_at(blob).obstacles
    assert (obstacle.operator, obstacle.is_silent) == ("DENSIFY", False)
    (obstacle,) = looked_at(converted("lenet", "float16")).obstacles
    assert (obstacle.operator, "float16" in obstacle.reason) == ("DEQUANTIZE", True)


@pytest.mark.parametrize("batch_size", [None, 1])
def test_positions_that_are_moved_into_an_open_batch_are_garbage_without_a_word(
    keras, tmp_path, batch_size
):
    """A dense float32 file, right wherever else it runs."""
    given = keras.Input((8, 8, 1), batch_size=batch_size)
    model = keras.Model(given, keras.layers.Conv2D(2, 3, dilation_rate=2)(given))
    tflite(model, tmp_path / "dilated.tflite", verify=False)
    found = micro(tmp_path / "dilated.tflite")
    assert {o.is_silent for o in found.obstacles} == ({True} if batch_size is None else set())
    assert ("batch_shape=(1, …)" in str(found)) is (batch_size is None)


def test_types_that_a_kernel_does_not_know_are_named(keras, tmp_path):
    given = keras.Input((8,))
    hidden = keras.layers.Dense(4, activation="softplus")(given)
    model = keras.Model(given, keras.layers.Dense(2)(hidden))
    typical = np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32)
    tflite(model, tmp_path / "float32.tflite", inputs=typical)
    assert micro(tmp_path / "float32.tflite").obstacles == ()
    tflite(model, tmp_path / "int8.tflite", weights="int8", representative_data=typical)
    names = {o.operator for o in micro(tmp_path / "int8.tflite").obstacles}
    assert names == {"EXP", "LOG"}


def test_every_operator_has_a_method_that_adds_it():
    assert len(MICRO_OPERATORS) == 100 and set(TYPES) <= MICRO_OPERATORS
    methods = {adder(operator) for operator in MICRO_OPERATORS}
    assert len(methods) == 100
    assert {"AddConv2D", "AddBatchMatMul", "AddReduceMax", "AddRelu6", "AddL2Pool2D"} <= methods


def test_what_was_said_of_files_is_what_became_of_them(root):
    """Files without an obstacle were all right, and of those with one none was."""
    text = (root / "benchmarks" / "microcontroller" / "results.json").read_text(encoding="utf-8")
    rows = [r for r in json.loads(text)["results"]["rows"].values() if "operators" in r]
    assert len(rows) >= 80
    assert {row["outcome"] for row in rows if not row["obstacles"]} == {"right"}
    assert {row["outcome"] for row in rows if row["obstacles"]} == {"refused", "garbage"}
    assert all(row["is_silent"] is (row["outcome"] == "garbage") for row in rows)
