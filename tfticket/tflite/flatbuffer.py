"""A TFLite file as Python objects and back, with the alignment that runtimes rely on."""

from __future__ import annotations

import struct
from typing import Any, cast

import numpy as np

from tfticket.errors import CorruptFileError
from tfticket.tflite.schema import (
    BufferT,
    ModelT,
    OperatorT,
    TensorT,
    builder,
    names,
    numbers,
    schema,
)

__all__ = [
    "dtype",
    "has_external_data",
    "operator_name",
    "read",
    "shape",
    "stored_values",
    "tensor_name",
    "type_name",
    "write",
]

IDENTIFIER = b"TFL3"
# The schema asks for it (`force_align: 16`), Python's packer does not do it.
BUFFER_ALIGNMENT = 16


def read(blob: bytes) -> ModelT:
    """Unpacks a TFLite file into the schema's `ModelT`.

    Args:
        blob: the whole file.

    Returns:
        A `ModelT`; its arrays are views of `blob`.

    Raises:
        CorruptFileError: if this is not a TFLite file or its tables point outside it.
    """
    if blob[4:8] != IDENTIFIER:
        raise CorruptFileError(
            f"the file must be a TFLite file: its identifier must be {IDENTIFIER!r}."
            f" Received: {bytes(blob[4:8])!r}"
        )
    try:
        model = schema().ModelT.InitFromPackedBuf(blob, 0)
    except (struct.error, IndexError, ValueError, TypeError, OverflowError) as error:
        raise CorruptFileError(f"the TFLite file is damaged: {error}") from error
    if not _is_sound(model):
        raise CorruptFileError("the TFLite file is damaged: it points to what is not there")
    return model


def write(model: ModelT) -> bytes:
    """Packs a `ModelT` into the bytes of a TFLite file.

    Buffers start at multiples of 16 bytes, as the schema demands. `model` itself is not changed.
    """
    size = 65536 + sum(0 if b.data is None else len(b.data) + 64 for b in model.buffers)
    target = builder(size)
    buffers = model.buffers
    model.buffers = cast(list[BufferT], [_AlignedBuffer(b) for b in buffers])
    try:
        target.Finish(model.Pack(target), file_identifier=IDENTIFIER)
    finally:
        model.buffers = buffers
    return bytes(target.Output())


def has_external_data(model: ModelT) -> bool:
    """Tells whether weights lie behind the flatbuffer, as in files above 2 GB."""
    outside = any((b.offset or 0) > 1 for b in model.buffers)
    operators = (o for g in model.subgraphs for o in g.operators or [])
    return outside or any((o.largeCustomOptionsOffset or 0) > 1 for o in operators)


def operator_name(model: ModelT, operator: OperatorT) -> str:
    """Returns the builtin name of an operator, `FULLY_CONNECTED` for instance, or its own.

    What is not the runtime's is told as `CUSTOM name`.

    Args:
        model: the tables of a file.
        operator: one of its operators.
    """
    code = model.operatorCodes[operator.opcodeIndex]
    number = max(code.builtinCode, code.deprecatedBuiltinCode)
    name = names(schema().BuiltinOperator).get(number, str(number))
    if name == "CUSTOM" and code.customCode:
        return f"CUSTOM {code.customCode.decode('utf-8', 'replace')}"
    return name


def tensor_name(tensor: TensorT) -> str:
    """Returns a tensor's name as text."""
    return (tensor.name or b"").decode("utf-8", "replace")


def shape(tensor: TensorT) -> tuple[int, ...]:
    """Returns a tensor's shape; scalars have none."""
    return () if tensor.shape is None else tuple(int(n) for n in tensor.shape)


def dtype(tensor: TensorT) -> np.dtype | None:
    """Returns the numpy type of a tensor's elements; `None` for those numpy has not."""
    name = type_name(tensor)
    return np.dtype(name) if name in _NUMPY_TYPES else None


def type_name(tensor: TensorT) -> str:
    """Returns a tensor's element type in lower case: `float32`, `int8`, …"""
    known = names(schema().TensorType)
    return known.get(tensor.type, f"type {tensor.type}").lower()


def stored_values(model: ModelT, tensor: TensorT) -> np.ndarray | None:
    """Returns the elements a constant tensor stores, in one dimension.

    Args:
        model: the tables of a file.
        tensor: one of its tensors.

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
    return data.view(kind)


_NUMPY_TYPES = {
    *("float16", "float32", "float64", "bool"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
}


def _is_sound(model: ModelT) -> bool:
    if not model.subgraphs or not model.buffers:
        return False
    buffers, codes = len(model.buffers), len(model.operatorCodes or [])
    for subgraph in model.subgraphs:
        tensors, operators = subgraph.tensors or [], subgraph.operators or []
        ends = [subgraph.inputs, subgraph.outputs]
        ends += [end for operator in operators for end in (operator.inputs, operator.outputs)]
        places = [place for end in ends for place in numbers(end)]
        if not all(-1 <= place < len(tensors) for place in places):
            return False
        if any(tensor is None or tensor.buffer >= buffers for tensor in tensors):
            return False
        if any(not 0 <= operator.opcodeIndex < codes for operator in operators):
            return False
    return all(metadata.buffer < buffers for metadata in model.metadata or [])


class _AlignedBuffer:
    """Stands in for a `BufferT` while packing."""

    def __init__(self, buffer: BufferT):
        self._buffer = buffer

    def Pack(self, builder: Any) -> int:  # noqa: N802 (the schema's name)
        tables, data = schema(), self._buffer.data
        vector = None if data is None else _aligned_vector(builder, data)
        tables.BufferStart(builder)
        if vector is not None:
            tables.BufferAddData(builder, vector)
        tables.BufferAddOffset(builder, self._buffer.offset)
        tables.BufferAddSize(builder, self._buffer.size)
        return tables.BufferEnd(builder)


def _aligned_vector(builder: Any, data: np.ndarray) -> int:
    payload = np.ascontiguousarray(data).view(np.uint8).tobytes()
    builder.StartVector(1, len(payload), BUFFER_ALIGNMENT)
    builder.head -= len(payload)
    builder.Bytes[builder.head : builder.head + len(payload)] = payload
    return builder.EndVector()
