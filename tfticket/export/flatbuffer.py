"""A TFLite file as Python objects and back, with the alignment that runtimes rely on."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from tfticket.errors import CorruptFileError
from tfticket.export import _litert

IDENTIFIER = b"TFL3"
# The schema asks for it (`force_align: 16`), Python's packer does not do it.
BUFFER_ALIGNMENT = 16


def read(blob: bytes) -> Any:
    """Unpacks a TFLite file into the schema's `ModelT`.

    Args:
        blob: the whole file.

    Returns:
        A `ModelT`; its arrays are views of a private copy of `blob`.

    Raises:
        CorruptFileError: if this is not a TFLite file or its tables point outside it.
    """
    if blob[4:8] != IDENTIFIER:
        raise CorruptFileError(
            f"the file must be a TFLite file: its identifier must be {IDENTIFIER!r}."
            f" Received: {bytes(blob[4:8])!r}"
        )
    try:
        model = _litert.schema().ModelT.InitFromPackedBuf(bytearray(blob), 0)
    except (struct.error, IndexError, ValueError, TypeError, OverflowError) as error:
        raise CorruptFileError(f"the TFLite file is damaged: {error}") from error
    if not _is_sound(model):
        raise CorruptFileError("the TFLite file is damaged: it points to what is not there")
    return model


def write(model: Any) -> bytes:
    """Packs a `ModelT` into the bytes of a TFLite file.

    Buffers start at multiples of 16 bytes, as the schema demands. `model` itself is not changed.
    """
    size = 65536 + sum(0 if b.data is None else len(b.data) + 64 for b in model.buffers)
    builder = _litert.builder(size)
    buffers = model.buffers
    model.buffers = [_AlignedBuffer(b) for b in buffers]
    try:
        builder.Finish(model.Pack(builder), file_identifier=IDENTIFIER)
    finally:
        model.buffers = buffers
    return bytes(builder.Output())


def has_external_data(model: Any) -> bool:
    """Tells whether weights lie behind the flatbuffer, as in files above 2 GB."""
    outside = any((b.offset or 0) > 1 for b in model.buffers)
    operators = (o for g in model.subgraphs for o in g.operators or [])
    return outside or any((o.largeCustomOptionsOffset or 0) > 1 for o in operators)


def operator_name(model: Any, operator: Any) -> str:
    """Returns the builtin name of an operator, `FULLY_CONNECTED` for instance."""
    code = model.operatorCodes[operator.opcodeIndex]
    number = max(code.builtinCode, code.deprecatedBuiltinCode)
    return _litert.names(_litert.schema().BuiltinOperator).get(number, str(number))


def tensor_name(tensor: Any) -> str:
    """Returns a tensor's name as text."""
    return (tensor.name or b"").decode("utf-8", "replace")


def shape(tensor: Any) -> tuple[int, ...]:
    """Returns a tensor's shape; scalars have none."""
    return () if tensor.shape is None else tuple(int(n) for n in tensor.shape)


def dtype(tensor: Any) -> np.dtype | None:
    """Returns the numpy type of a tensor's elements; `None` for those numpy has not."""
    name = type_name(tensor)
    return np.dtype(name) if name in _NUMPY_TYPES else None


def type_name(tensor: Any) -> str:
    """Returns a tensor's element type in lower case: `float32`, `int8`, …"""
    known = _litert.names(_litert.schema().TensorType)
    return known.get(tensor.type, f"type {tensor.type}").lower()


def stored_values(model: Any, tensor: Any) -> np.ndarray | None:
    """Returns the elements a constant tensor stores, in one dimension.

    Returns:
        A view, packed as in the file where the tensor is sparse; `None` if the tensor is not
        constant or its type has no numpy counterpart.
    """
    kind = dtype(tensor)
    data = model.buffers[tensor.buffer].data
    if kind is None or data is None or len(data) == 0:
        return None
    if len(data) % kind.itemsize:
        raise CorruptFileError(
            f"tensor {tensor_name(tensor)!r} is damaged: {len(data)} bytes are not a whole number"
            f" of {kind} elements"
        )
    return np.frombuffer(memoryview(data), dtype=kind)


_NUMPY_TYPES = {
    *("float16", "float32", "float64", "bool"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
}


def _is_sound(model: Any) -> bool:
    if not model.subgraphs or not model.buffers:
        return False
    buffers, codes = len(model.buffers), len(model.operatorCodes or [])
    for subgraph in model.subgraphs:
        tensors, operators = subgraph.tensors or [], subgraph.operators or []
        ends = [subgraph.inputs, subgraph.outputs]
        ends += [end for operator in operators for end in (operator.inputs, operator.outputs)]
        places = [int(place) for end in ends if end is not None for place in end]
        if not all(-1 <= place < len(tensors) for place in places):
            return False
        if any(tensor is None or tensor.buffer >= buffers for tensor in tensors):
            return False
        if any(not 0 <= operator.opcodeIndex < codes for operator in operators):
            return False
    return all(metadata.buffer < buffers for metadata in model.metadata or [])


class _AlignedBuffer:
    """Stands in for a `BufferT` while packing."""

    def __init__(self, buffer: Any):
        self._buffer = buffer

    def Pack(self, builder: Any) -> int:  # noqa: N802 (the schema's name)
        schema = _litert.schema()
        data = self._buffer.data
        vector = None if data is None else _aligned_vector(builder, data)
        schema.BufferStart(builder)
        if vector is not None:
            schema.BufferAddData(builder, vector)
        schema.BufferAddOffset(builder, self._buffer.offset)
        schema.BufferAddSize(builder, self._buffer.size)
        return schema.BufferEnd(builder)


def _aligned_vector(builder: Any, data: Any) -> int:
    payload = np.ascontiguousarray(data).view(np.uint8).tobytes()
    builder.StartVector(1, len(payload), BUFFER_ALIGNMENT)
    builder.head -= len(payload)
    builder.Bytes[builder.head : builder.head + len(payload)] = payload
    return builder.EndVector()
