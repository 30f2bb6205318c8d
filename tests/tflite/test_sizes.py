import gzip

import numpy as np
import pytest

from tfticket.export import encode, sizes
from tfticket.tflite.sizes import raw_bytes


def test_a_file_is_measured_raw_and_gzipped(tmp_path):
    path = tmp_path / "zeros.bin"
    path.write_bytes(bytes(10_000))
    found = sizes(path)
    assert (found.num_files, found.raw_bytes) == (1, 10_000)
    assert found.gzip_bytes == len(gzip.compress(bytes(10_000), 9)) < 60
    assert found.tensors == ()


def test_a_folder_is_the_sum_of_its_files_whatever_their_age(tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "a").write_bytes(b"a" * 300)
    (tmp_path / "below" / "b").write_bytes(b"b" * 200)
    found = sizes(tmp_path)
    assert (found.num_files, found.raw_bytes) == (2, 500)
    assert raw_bytes(tmp_path) == 500
    (tmp_path / "a").touch()
    assert sizes(tmp_path) == found


def test_bounds_of_a_tflite_file_do_not_depend_on_its_encoding(converted, zeroed, tmp_path):
    dense = zeroed(converted("lenet"), 0.9)
    (tmp_path / "dense.tflite").write_bytes(dense)
    (tmp_path / "sparse.tflite").write_bytes(encode(dense)[0])
    before, after = sizes(tmp_path / "dense.tflite"), sizes(tmp_path / "sparse.tflite")
    assert before.csr_bound_bytes == after.csr_bound_bytes
    assert before.bitmask_bound_bytes == after.bitmask_bound_bytes
    assert after.csr_bound_bytes < after.raw_bytes < before.raw_bytes
    weight = next(row for row in after.tensors if row.shape == (300, 784))
    assert weight.num_nonzero == 23_520
    assert weight.dense_bytes == 4 * 300 * 784
    assert weight.stored_bytes == weight.csr_bytes == 4 * 23_520 + 2 * 23_520 + 2 * 301
    assert weight.bitmask_bytes == 300 * 784 // 8 + 4 * 23_520
    assert after.to_dict()["csr_bound_bytes"] == after.csr_bound_bytes
    assert "bounds" in str(after)


def test_biases_count_as_they_are(converted, tmp_path):
    path = tmp_path / "dense.tflite"
    path.write_bytes(converted("lenet"))
    bias = [row for row in sizes(path).tensors if row.shape == (300,)]
    assert [(row.csr_bytes, row.bitmask_bytes) for row in bias] == [(1200, 1200)]
    assert np.prod(bias[0].shape) == bias[0].num_nonzero


@pytest.mark.parametrize("measure", [sizes, raw_bytes])
def test_nothing_cannot_be_measured(measure, tmp_path):
    with pytest.raises(FileNotFoundError, match="must exist"):
        measure(tmp_path / "missing")
