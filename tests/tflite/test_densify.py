import numpy as np
import pytest

from tfticket.export import encode, inspect
from tfticket.tflite import flatbuffer
from tfticket.tflite.densify import densify, multiply_adds
from tfticket.tflite.file import File


@pytest.mark.parametrize("layout", ["storage", "compute"])
@pytest.mark.parametrize("name", ["lenet", "conv", "shared"])
def test_the_twin_of_an_encoded_file_computes_what_the_dense_one_did(
    converted, zeroed, assert_same_outputs, tmp_path, name, layout
):
    dense = zeroed(converted(name), 0.97)
    encoded, _ = encode(dense, encoding=layout)
    twin = densify(File(encoded))
    assert_same_outputs(twin, dense)
    path = tmp_path / "twin.tflite"
    path.write_bytes(twin)
    found = inspect(path)
    assert {row.encoding for row in found.tensors} == {"dense"}
    assert "DENSIFY" not in found.operators


def test_a_dense_file_is_its_own_twin(converted):
    dense = converted("odd")
    assert densify(File(dense)) is dense


def test_multiply_adds_are_counted_with_and_without_zeros(converted, zeroed):
    total = 784 * 300 + 300 * 100 + 100 * 10
    dense = zeroed(converted("lenet"), 0.9)
    assert multiply_adds(File(dense)) == (total, total // 10)
    assert multiply_adds(File(encode(dense, encoding="storage")[0])) == (total, total // 10)
    assert multiply_adds(File(encode(zeroed(dense, 0.97), encoding="compute")[0]))[0] == total


def test_a_kernel_is_multiplied_at_every_position_of_an_image(converted):
    convolved = 10 * 10 * (3 * 3 * 8 * 24) + 8 * 8 * (3 * 3 * 24)
    dense = 8 * 8 * 24 * 40 + 40 * 10
    assert multiply_adds(File(converted("conv"))) == (convolved + dense,) * 2
    transposed = 5 * 5 * (3 * 3 * 8 * 16) + 7 * 7 * 16 * 20
    assert multiply_adds(File(converted("transposed"))) == (transposed,) * 2


def test_integers_are_counted_in_the_same_way(converted):
    model = flatbuffer.read(converted("conv", "int8"))
    kept = sum(
        int(np.count_nonzero(flatbuffer.stored_values(model, t)))
        for t in model.subgraphs[0].tensors
        if flatbuffer.shape(t) == (10, 40)
    )
    total, effective = multiply_adds(File(converted("conv", "int8")))
    assert total == multiply_adds(File(converted("conv")))[0]
    assert total - 400 + kept >= effective > 0.9 * total
