"""Packed weights as the schema's sparsity tables, and the tables back into weights."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfticket.errors import CorruptFileError
from tfticket.export import _litert, csr, flatbuffer

MAX_ELEMENTS = 2**31


def parameters(packed: csr.Packed) -> Any:
    """Returns the `SparsityParametersT` that describes a packed weight."""
    schema = _litert.schema()
    levels, order, block_map = csr.levels(packed)
    return schema.SparsityParametersT(
        traversalOrder=np.array(order, np.int32),
        blockMap=np.array(block_map, np.int32) if block_map else None,
        dimMetadata=[_metadata(level) for level in levels],
    )


def levels(tensor: Any) -> tuple[list[csr.Level], list[int], list[int]]:
    """Reads levels, traversal order and block map off a sparse tensor."""
    given = tensor.sparsity
    order = [] if given.traversalOrder is None else [int(d) for d in given.traversalOrder]
    block_map = [] if given.blockMap is None else [int(d) for d in given.blockMap]
    return [_level(m) for m in given.dimMetadata or []], order, block_map


def dense_values(model: Any, tensor: Any) -> np.ndarray | None:
    """Returns the dense weight that a constant tensor stands for, sparse or not.

    Returns:
        An array of the tensor's shape; `None` if the tensor is not constant.

    Raises:
        CorruptFileError: if the stored values or their description do not fit the shape.
    """
    values, shape = flatbuffer.stored_values(model, tensor), flatbuffer.shape(tensor)
    if values is None:
        return None
    name = flatbuffer.tensor_name(tensor)
    if min(shape, default=0) < 0 or math.prod(shape) > MAX_ELEMENTS:
        raise CorruptFileError(f"tensor {name!r} is damaged: its shape is {shape}")
    if tensor.sparsity is not None:
        try:
            return csr.unpack(shape, *levels(tensor), values)
        except CorruptFileError as error:
            raise CorruptFileError(f"tensor {name!r} is damaged: {error}") from error
    if len(values) != math.prod(shape):
        raise CorruptFileError(
            f"tensor {name!r} is damaged: {len(values)} values for the shape {shape}"
        )
    return values.reshape(shape)


def stored_bytes(model: Any, tensor: Any) -> int:
    """Returns the bytes of a constant as stored: values, and indices and segments if sparse."""
    data = model.buffers[tensor.buffer].data
    found = [] if tensor.sparsity is None else levels(tensor)[0]
    arrays = [a for level in found for a in (level.segments, level.indices) if a is not None]
    return (0 if data is None else len(data)) + sum(a.nbytes for a in arrays)


def _metadata(level: csr.Level) -> Any:
    schema = _litert.schema()
    if level.segments is None or level.indices is None:
        return schema.DimensionMetadataT(denseSize=level.size)
    segments_type, segments = _vector(level.segments)
    indices_type, indices = _vector(level.indices)
    return schema.DimensionMetadataT(
        format=schema.DimensionType.SPARSE_CSR,
        arraySegmentsType=segments_type,
        arraySegments=segments,
        arrayIndicesType=indices_type,
        arrayIndices=indices,
    )


def _vector(numbers: np.ndarray) -> tuple[int, Any]:
    schema = _litert.schema()
    name = {"uint8": "Uint8Vector", "uint16": "Uint16Vector", "int32": "Int32Vector"}
    kind = name[numbers.dtype.name]
    return getattr(schema.SparseIndexVector, kind), getattr(schema, f"{kind}T")(numbers)


def _level(metadata: Any) -> csr.Level:
    if metadata.format == _litert.schema().DimensionType.DENSE:
        return csr.Level(size=int(metadata.denseSize))
    segments, indices = _numbers(metadata.arraySegments), _numbers(metadata.arrayIndices)
    return csr.Level(segments=segments, indices=indices)


def _numbers(vector: Any) -> np.ndarray:
    # An empty vector reads back as the integer 0 or None, depending on the schema's generator.
    found = None if vector is None else vector.values
    return found if isinstance(found, np.ndarray) else np.zeros(0, np.int32)
