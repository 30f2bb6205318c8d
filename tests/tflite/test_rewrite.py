"""What a rewritten file leaves out beside dense weights."""

from tfticket.export import encode
from tfticket.tflite import flatbuffer


def tensors(blob):
    model = flatbuffer.read(blob)
    (subgraph,) = model.subgraphs
    ends = {*subgraph.inputs, *subgraph.outputs}
    return model, {i: t for i, t in enumerate(subgraph.tensors) if i not in ends}


def is_empty(model, tensor):
    data = model.buffers[tensor.buffer].data
    return data is None or not len(data)


def test_tensors_without_data_share_the_buffer_that_the_schema_keeps_for_them(converted, zeroed):
    dense = zeroed(converted("conv"), 0.9)
    model, inner = tensors(encode(dense, encoding="storage")[0])
    assert {t.buffer for t in inner.values() if is_empty(model, t)} == {0}
    metadata = {m.name: bytes(model.buffers[m.buffer].data) for m in model.metadata}
    before = flatbuffer.read(dense)
    assert len(model.buffers) < len(before.buffers)
    expected = {m.name: bytes(before.buffers[m.buffer].data) for m in before.metadata}
    assert metadata.keys() == expected.keys()
    assert metadata[b"CONVERSION_METADATA"] == expected[b"CONVERSION_METADATA"]
    assert metadata[b"min_runtime_version"].startswith(b"2.2.0")


def test_activations_have_one_name_and_constants_and_ends_keep_theirs(converted, zeroed):
    dense = zeroed(converted("lenet"), 0.9)
    before = flatbuffer.read(dense).subgraphs[0].tensors
    model, inner = tensors(encode(dense, encoding="storage")[0])
    for place, tensor in enumerate(model.subgraphs[0].tensors[: len(before)]):
        name = before[place].name
        is_activation = place in inner and is_empty(model, tensor)
        assert tensor.name == (name.partition(b";")[0] if is_activation else name)
    assert any(b";" in tensor.name for tensor in before)
