import json

import numpy as np
import pytest

from tfticket.errors import CorruptFileError
from tfticket.export import encode, inspect
from tfticket.export.convert import served
from tfticket.export.signature import signature
from tfticket.litert.quiet import quiet


@pytest.mark.parametrize(
    ("layout", "block", "expected"),
    [
        ("none", 1, ("dense", "")),
        ("storage", 1, ("csr", "densify")),
        ("compute", 1, ("csr", "direct")),
        ("compute", 4, ("1x4", "direct")),
    ],
)
def test_our_own_files(converted, zeroed, tmp_path, layout, block, expected):
    path = tmp_path / "lenet.tflite"
    blob, rows = encode(zeroed(converted("lenet"), 0.96, block=block), encoding=layout)
    path.write_bytes(blob)
    found = inspect(path)
    weights = {row.shape: row for row in found.tensors if len(row.shape) == 2}
    assert {(row.encoding, row.reader) for row in weights.values()} == {expected}
    for row in rows:
        read = weights[row.shape]
        assert (read.name, read.num_nonzero) == (row.name, row.num_nonzero)
        assert read.encoded_bytes == row.encoded_bytes
    assert found.file_bytes == len(blob)
    assert found.operators["FULLY_CONNECTED"] == 3
    assert found.operators.get("DENSIFY", 0) == (3 if layout == "storage" else 0)
    assert found.warnings == ()
    assert json.dumps(found.to_dict())
    assert "300x784" in str(found)


@pytest.mark.parametrize(("block", "encoding"), [(1, "csr"), (4, "1x4")])
def test_files_with_the_sparsity_of_the_converter(small, tmp_path, block, encoding):
    import tensorflow as tf

    generator, weights = np.random.default_rng(0), small.get_weights()
    for weight in weights:
        if weight.ndim == 2:
            kept = generator.random((weight.shape[0] // block, weight.shape[1])) < 0.2
            weight[:] = np.repeat(kept, block, axis=0) * generator.normal(size=weight.shape)
    small.set_weights(weights)
    with quiet():
        module = served(small, signature(small))
        function = module.serve.get_concrete_function()
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function], module)
        converter.optimizations = [tf.lite.Optimize.EXPERIMENTAL_SPARSITY]
        (tmp_path / "theirs.tflite").write_bytes(converter.convert())
    found = {row.shape: row for row in inspect(tmp_path / "theirs.tflite").tensors}
    for weight in weights:
        if weight.ndim == 2:
            row = found[weight.shape[::-1]]
            assert (row.encoding, row.num_nonzero) == (encoding, np.count_nonzero(weight))


def test_a_file_whose_tables_are_damaged_is_refused(tmp_path):
    path = tmp_path / "text.tflite"
    path.write_text("no model at all")
    with pytest.raises(CorruptFileError, match="text.tflite: the file must be a TFLite file"):
        inspect(path)
