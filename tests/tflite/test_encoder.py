import time

import numpy as np
import pytest

from tfticket.export import encode
from tfticket.tflite import flatbuffer, graph
from tfticket.tflite.encoder import (
    DIRECT_SPARSITY,
    REASON_INTEGER,
    REASON_MIXED,
    REASON_TRANSPOSED,
    differing_weight,
)
from tfticket.tflite.file import File
from tfticket.tflite.sizes import bounds

SPARSITIES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98)


def csr_bound(blob):
    return sum(min(row.dense_bytes, row.csr_bytes) for row in bounds(File(blob)))


def encodings(rows):
    return {(row.encoding, row.reader) for row in rows}


@pytest.mark.parametrize("sparsity", SPARSITIES)
def test_storage_is_bit_equal_to_the_dense_file(converted, zeroed, assert_same_outputs, sparsity):
    dense = zeroed(converted("lenet"), sparsity)
    encoded, rows = encode(dense, encoding="storage")
    assert encodings(rows) == ({("dense", "")} if sparsity == 0 else {("csr", "densify")})
    assert differing_weight(File(dense), File(encoded)) == ""
    assert_same_outputs(encoded, dense)


@pytest.mark.parametrize("sparsity", [0.95, 0.98])
def test_direct_rows_stay_within_a_millionth(converted, zeroed, assert_same_outputs, sparsity):
    dense = zeroed(converted("lenet"), sparsity)
    encoded, rows = encode(dense, encoding="compute")
    assert encodings(rows) == {("csr", "direct")}
    assert_same_outputs(encoded, dense, tolerance=1e-6)


@pytest.mark.parametrize("sparsity", [0.5, 0.9, 0.98])
def test_blocks_are_read_directly(converted, zeroed, assert_same_outputs, sparsity):
    dense = zeroed(converted("lenet"), sparsity, block=4)
    encoded, rows = encode(dense, encoding="compute")
    assert encodings(rows) == {("1x4", "direct")}
    assert len(encoded) < len(encode(dense, encoding="storage")[0])
    assert_same_outputs(encoded, dense, tolerance=1e-6)


@pytest.mark.parametrize("layout", ["storage", "compute"])
def test_one_layer_of_zeros_only(converted, zeroed, assert_same_outputs, layout):
    dense = zeroed(converted("lenet"), 1.0, only=(100, 300))
    encoded, rows = encode(dense, encoding=layout)
    assert [row.num_nonzero for row in rows if row.shape == (100, 300)] == [0]
    assert len(encoded) < len(dense) - 110_000
    assert_same_outputs(encoded, dense)


@pytest.mark.parametrize(("sparsity", "ratio"), [(0.9, 1.02), (0.95, 1.04), (0.98, 1.08)])
def test_files_are_near_the_csr_bound(converted, zeroed, sparsity, ratio):
    dense = zeroed(converted("lenet"), sparsity)
    encoded, _ = encode(dense, encoding="storage")
    assert len(encoded) / csr_bound(dense) <= ratio


@pytest.mark.parametrize("layout", ["auto", "storage", "compute"])
@pytest.mark.parametrize("name", ["lenet", "odd", "conv", "shared", "no_bias"])
def test_no_file_is_larger_than_its_dense_twin(converted, zeroed, name, layout):
    for sparsity in (0.0, 0.1, 0.2, 0.25, 0.3, 0.34, 0.4, 1.0):
        dense = zeroed(converted(name), sparsity)
        assert len(encode(dense, encoding=layout)[0]) <= len(dense)


def test_a_dense_file_comes_back_as_it_was(converted):
    dense = converted("lenet")
    for layout in ("none", "auto", "storage", "compute"):
        encoded, rows = encode(dense, encoding=layout)
        assert encoded is dense
        assert {row.encoding for row in rows} == {"dense"}
        assert all(row.reason for row in rows)


def test_inputs_that_are_no_multiple_of_4_never_become_blocks(
    converted, zeroed, assert_same_outputs
):
    # The converter drops their tail: 90 and 70 inputs.
    dense = zeroed(converted("odd"), 0.98)
    encoded, rows = encode(dense, encoding="compute")
    assert encodings(rows) == {("csr", "direct")}
    assert_same_outputs(encoded, dense, tolerance=1e-6)


def test_scattered_weights_never_become_blocks(converted, zeroed):
    # The converter pads them to blocks from 96.6 % on, and writes a larger file.
    _, rows = encode(zeroed(converted("lenet"), 0.99), encoding="compute")
    assert encodings(rows) == {("csr", "direct")}


def test_compute_unpacks_what_is_too_dense_to_walk(converted, zeroed):
    _, rows = encode(zeroed(converted("lenet"), DIRECT_SPARSITY - 0.05), encoding="compute")
    assert encodings(rows) == {("csr", "densify")}


@pytest.mark.parametrize("layout", ["storage", "compute"])
def test_layers_without_bias(converted, zeroed, assert_same_outputs, layout):
    dense = zeroed(converted("no_bias"), 0.97)
    encoded, _ = encode(dense, encoding=layout)
    assert_same_outputs(encoded, dense, tolerance=1e-6)


@pytest.mark.parametrize("layout", ["storage", "compute"])
def test_a_weight_that_two_layers_share_is_stored_once(
    converted, zeroed, assert_same_outputs, layout
):
    dense = zeroed(converted("shared"), 0.96)
    encoded, rows = encode(dense, encoding=layout)
    assert [row.shape for row in rows if row.encoding == "csr"] == [(8, 64), (64, 64)]
    densify = [o for o in operators(encoded) if o == "DENSIFY"]
    assert len(densify) == (2 if layout == "storage" else 0)
    assert_same_outputs(encoded, dense, tolerance=1e-6)


def test_a_weight_that_another_operator_reads_stays_dense(converted, zeroed):
    _, rows = encode(zeroed(converted("tied"), 0.9), encoding="storage")
    table = next(row for row in rows if row.shape == (50, 16))
    assert (table.encoding, "GATHER" in table.reason) == ("dense", True)
    assert next(row for row in rows if row.shape == (40, 96)).encoding == "csr"


def test_two_tensors_on_one_buffer_are_encoded_alike(converted, zeroed, assert_same_outputs):
    model = flatbuffer.read(zeroed(converted("shared"), 0.9))
    tensors = model.subgraphs[0].tensors
    place = next(i for i, t in enumerate(tensors) if flatbuffer.shape(t) == (64, 64))
    tensors.append(tensors[place])
    second = [o for o in model.subgraphs[0].operators if place in o.inputs][1]
    moved = [len(tensors) - 1 if i == place else i for i in second.inputs]
    second.inputs = np.array(moved, np.int32)
    dense = flatbuffer.write(model)
    encoded, rows = encode(dense, encoding="storage")
    assert [row.encoding for row in rows if row.shape == (64, 64)] == ["csr"]
    assert operators(encoded).count("DENSIFY") == 3
    assert_same_outputs(encoded, dense)


def test_a_weight_that_is_also_an_output_stays_dense(converted, zeroed):
    model = flatbuffer.read(zeroed(converted("odd"), 0.9))
    subgraph = model.subgraphs[0]
    place = next(i for i, t in enumerate(subgraph.tensors) if flatbuffer.shape(t) == (13, 70))
    subgraph.outputs = np.array([*subgraph.outputs, place], np.int32)
    _, rows = encode(flatbuffer.write(model), encoding="storage")
    row = next(row for row in rows if row.shape == (13, 70))
    assert row.encoding == "dense"
    assert "output of the graph" in row.reason


@pytest.mark.parametrize("layout", ["auto", "storage", "compute"])
@pytest.mark.parametrize("name", ["conv", "pointwise", "transposed"])
def test_convolutions_are_unpacked_at_load_time(
    converted, zeroed, assert_same_outputs, name, layout
):
    dense = zeroed(converted(name), 0.9)
    encoded, rows = encode(dense, encoding=layout)
    assert encodings(rows) == {("csr", "densify")}
    assert_same_outputs(encoded, dense)


def test_beside_a_stem_that_phones_rewrite_nothing_is_unpacked(converted, zeroed):
    dense = zeroed(converted("stem"), 0.9)
    encoded, rows = encode(dense)
    assert encoded is dense
    assert all(row.reason.startswith("G5: phones compute") for row in rows)
    _, rows = encode(zeroed(converted("stem"), 0.97), encoding="compute")
    assert ("csr", "direct") in encodings(rows)


@pytest.mark.parametrize("layout", ["storage", "compute"])
def test_float16_is_unpacked_only(converted, zeroed, assert_same_outputs, layout):
    for name, block in [("lenet", 1), ("lenet", 4), ("conv", 1)]:
        dense = zeroed(converted(name, "float16"), 0.98, block=block)
        encoded, rows = encode(dense, encoding=layout)
        assert ("csr", "densify") in encodings(rows) <= {("csr", "densify"), ("dense", "")}
        assert len(encoded) < len(dense)
        assert_same_outputs(encoded, dense)


def test_float16_of_transposed_convolutions_stays_dense(converted, zeroed):
    dense = zeroed(converted("transposed", "float16"), 0.9)
    _, rows = encode(dense)
    kinds = {len(row.shape): (row.encoding, row.reason) for row in rows}
    assert kinds[4] == ("dense", REASON_TRANSPOSED)
    assert kinds[2][0] == "csr"


def test_dynamic_files_stay_dense(converted, zeroed):
    dense = zeroed(converted("lenet", "dynamic"), 0.98)
    encoded, rows = encode(dense)
    assert encoded is dense
    assert {(row.type, row.reason) for row in rows} == {
        ("int8", REASON_INTEGER),
        ("float32", REASON_MIXED),
    }


def test_no_dense_copy_stays_in_the_file(converted, zeroed):
    dense = zeroed(converted("lenet"), 0.5)
    encoded, _ = encode(dense, encoding="storage")
    for tensor_bytes in _weights(dense):
        assert tensor_bytes[:4000] not in encoded
    stored = sum(len(b.data) for b in flatbuffer.read(encoded).buffers if b.data is not None)
    assert stored < 0.51 * len(dense)


def test_signatures_metadata_and_dynamic_batch_survive(converted, zeroed):
    dense = zeroed(converted("lenet"), 0.9)
    before, after = flatbuffer.read(dense), flatbuffer.read(encode(dense)[0])
    (old,), (new,) = before.signatureDefs, after.signatureDefs
    assert [m.name for m in new.inputs] == [m.name for m in old.inputs] == [b"image"]
    assert [m.tensorIndex for m in new.outputs] == [m.tensorIndex for m in old.outputs]
    given = after.subgraphs[0].tensors[after.subgraphs[0].inputs[0]]
    assert given.shapeSignature.tolist() == [-1, 784]
    assert [m.name for m in after.metadata] == [m.name for m in before.metadata]


@pytest.mark.parametrize(
    ("layout", "operator", "version", "runtime"),
    [("storage", "DENSIFY", 1, b"2.2.0"), ("compute", "FULLY_CONNECTED", 8, b"2.3.0")],
)
def test_old_runtimes_are_told_what_they_lack(
    converted, zeroed, layout, operator, version, runtime
):
    model = flatbuffer.read(encode(zeroed(converted("lenet"), 0.97), encoding=layout)[0])
    found = {
        (flatbuffer.operator_name(model, o), model.operatorCodes[o.opcodeIndex].version)
        for o in model.subgraphs[0].operators
    }
    assert (operator, version) in found
    stated = next(m for m in model.metadata if m.name == b"min_runtime_version")
    assert bytes(model.buffers[stated.buffer].data).rstrip(b"\0") == runtime


def test_an_encoded_file_is_not_encoded_again(converted, zeroed):
    encoded, _ = encode(zeroed(converted("lenet"), 0.9))
    again, rows = encode(encoded)
    assert again is encoded
    assert {row.reason for row in rows} == {"sparse already"}


def test_unknown_layouts_are_refused(converted):
    with pytest.raises(ValueError, match="Received: encoding='csr'"):
        encode(converted("odd"), encoding="csr")


def test_one_wrong_value_is_found_by_decoding(converted, zeroed):
    dense = zeroed(converted("lenet"), 0.9)
    model = flatbuffer.read(encode(dense)[0])
    name, buffer = next(
        (t.name.decode(), model.buffers[t.buffer])
        for t in model.subgraphs[0].tensors
        if t.sparsity is not None
    )
    values = buffer.data.copy()
    values[3] ^= 1
    buffer.data = values
    assert name in differing_weight(File(dense), File(flatbuffer.write(model)))


def test_13_megabytes_are_rewritten_within_a_second(converted, zeroed):
    dense = enlarged(converted("odd"), 70, 47_000)
    assert len(dense) > 13_000_000
    dense = zeroed(dense, 0.9)
    for layout in ("storage", "compute"):
        started = time.process_time()
        encoded, _ = encode(dense, encoding=layout)
        assert time.process_time() - started < 1
        assert len(encoded) < 0.17 * len(dense)


def enlarged(blob, num_outputs, num_inputs):
    """Gives the first weight of a file another shape, for size and time only."""
    model = flatbuffer.read(blob)
    tensor = next(t for t in model.subgraphs[0].tensors if flatbuffer.shape(t) == (70, 90))
    tensor.shape = np.array([num_outputs, num_inputs], np.int32)
    weight = np.random.default_rng(0).normal(size=num_outputs * num_inputs).astype(np.float32)
    model.buffers[tensor.buffer].data = weight.view(np.uint8)
    return flatbuffer.write(model)


def operators(blob):
    return [operator.name for operator in File(blob).operators]


def _weights(blob):
    constants = [c for c in graph.constants(File(blob)) if len(c.uses) == 1]
    large = [c.tensor.stored_values().tobytes() for c in constants]
    return [data for data in large if len(data) >= 4000]
