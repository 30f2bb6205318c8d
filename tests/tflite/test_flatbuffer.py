import numpy as np
import pytest

from tfticket.errors import CorruptFileError
from tfticket.tflite import flatbuffer, graph
from tfticket.tflite.file import File


def described(model):
    """What must survive: graph, names, signatures, metadata and data, as plain values."""
    return {
        "tensors": [
            (
                t.name,
                flatbuffer.shape(t),
                t.type,
                t.hasRank,
                None if t.shapeSignature is None else [int(n) for n in t.shapeSignature],
            )
            for g in model.subgraphs
            for t in g.tensors
        ],
        "data": [None if b.data is None else bytes(b.data) for b in model.buffers],
        "operators": [
            (flatbuffer.operator_name(model, o), list(o.inputs), list(o.outputs))
            for g in model.subgraphs
            for o in g.operators
        ],
        "signatures": [
            (s.signatureKey, [(m.name, m.tensorIndex) for m in [*s.inputs, *s.outputs]])
            for s in model.signatureDefs
        ],
        "metadata": [(m.name, m.buffer) for m in model.metadata],
        "description": model.description,
    }


def test_a_file_that_is_read_and_written_says_the_same(converted):
    model = flatbuffer.read(converted("lenet"))
    again = flatbuffer.read(flatbuffer.write(model))
    assert described(again) == described(model)


def test_writing_is_deterministic_and_keeps_the_identifier(converted):
    model = flatbuffer.read(converted("odd"))
    blob = flatbuffer.write(model)
    assert blob == flatbuffer.write(model)
    assert blob[4:8] == b"TFL3"


def test_every_buffer_starts_at_a_multiple_of_16(converted):
    blob = bytearray(flatbuffer.write(flatbuffer.read(converted("odd"))))
    from ai_edge_litert.schema_py_generated import ModelT

    start = np.frombuffer(blob, np.uint8).__array_interface__["data"][0]
    places = [
        buffer.data.__array_interface__["data"][0] - start
        for buffer in ModelT.InitFromPackedBuf(blob, 0).buffers
        if buffer.data is not None
    ]
    assert len(places) >= 3
    assert [place % 16 for place in places] == [0] * len(places)


def test_something_else_is_not_taken_for_a_tflite_file():
    with pytest.raises(CorruptFileError, match="identifier"):
        flatbuffer.read(b"PK\x03\x04 surely a zip archive")


def test_damaged_files_are_named_and_never_crash(converted, zeroed):
    sound = zeroed(converted("odd"), 0.9)
    generator, num_refused = np.random.default_rng(0), 0
    for length in (20, 200, len(sound) // 2, len(sound) - 40):
        num_refused += _is_refused(sound[:length])
    for _ in range(150):
        damaged = bytearray(sound)
        for place in generator.integers(8, 1500, 3):
            damaged[place] = generator.integers(256)
        num_refused += _is_refused(bytes(damaged))
    assert num_refused > 20


def _is_refused(blob):
    try:
        for constant in graph.constants(File(blob)):
            constant.tensor.dense_values()
    except CorruptFileError:
        return True
    return False
