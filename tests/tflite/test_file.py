import dataclasses

import numpy as np
import pytest

from tfticket.errors import CorruptFileError
from tfticket.export import tflite
from tfticket.tflite import File, encode, flatbuffer, graph


def test_a_file_knows_its_tensors_and_operators(converted):
    file = File(converted("lenet"))
    (subgraph,) = file.subgraphs
    assert [operator.name for operator in file.operators] == ["FULLY_CONNECTED"] * 3
    (image,) = subgraph.inputs
    assert subgraph.tensors[image].shape == (1, 784)
    assert not subgraph.tensors[image].is_constant
    first = subgraph.operators[0]
    weight = subgraph.tensors[first.inputs[graph.WEIGHT_INPUT]]
    assert (weight.type, weight.shape, weight.sparsity) == ("float32", (300, 784), None)
    assert weight.stored_bytes == weight.dense_values().nbytes == 300 * 784 * 4
    assert (first.option("keepNumDims"), first.option("no such option")) == (0, 0)


def test_a_sparse_tensor_is_unpacked_to_what_was_packed(converted, zeroed):
    dense = zeroed(converted("odd"), 0.9)
    before, after = (graph.constants(File(blob)) for blob in (dense, encode(dense)[0]))
    assert any(constant.tensor.sparsity is not None for constant in after)
    for left, right in zip(before, after, strict=True):
        np.testing.assert_array_equal(right.tensor.dense_values(), left.tensor.dense_values())


def test_changing_the_tables_changes_a_copy_that_shares_the_values(converted):
    file = File(converted("odd"))
    tables = file.tables()
    tables.subgraphs[0].tensors[1].name = b"another"
    assert flatbuffer.write(file.tables()) != flatbuffer.write(tables)
    shared = [(b.data, c.data) for b, c in zip(tables.buffers, file.tables().buffers, strict=True)]
    assert all(left is right for left, right in shared)


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "notes.tflite"
    path.write_text("no model at all")
    with pytest.raises(CorruptFileError, match=r"notes\.tflite: .*identifier"):
        File.read(path)


@pytest.mark.parametrize(("choice", "times"), [("storage", 2), ("none", 1)])
def test_an_export_parses_each_file_once(small, tmp_path, monkeypatch, choice, times):
    parsed, parse = [], flatbuffer.read
    monkeypatch.setattr(flatbuffer, "read", lambda blob: (parsed.append(blob), parse(blob))[1])
    report = tflite(small, tmp_path / "small.tflite", sparse=choice, num_samples=4)
    assert dataclasses.asdict(report)["layout"] == {"storage": "storage", "none": "dense"}[choice]
    assert len(parsed) == len(set(parsed)) == times
