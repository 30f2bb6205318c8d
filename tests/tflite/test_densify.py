import pytest

from tfticket.export import encode, inspect
from tfticket.tflite.densify import densify
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
