"""How a weight is packed, as the schema's sparsity tables, and read back from them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfticket.tflite import csr
from tfticket.tflite.schema import SparsityParametersT, schema

__all__ = ["parameters", "read"]


def parameters(packed: csr.Packed) -> SparsityParametersT:
    """Returns the `SparsityParametersT` that describes a packed weight."""
    given = csr.describe(packed)
    return schema().SparsityParametersT(
        traversalOrder=np.array(given.order, np.int32),
        blockMap=np.array(given.block_map, np.int32) if given.block_map else None,
        dimMetadata=[_metadata(dimension) for dimension in given.dimensions],
    )


def read(given: SparsityParametersT) -> csr.Description:
    """Reads how a sparse tensor is packed; whether that makes sense is for `csr.unpack` to say."""
    order = () if given.traversalOrder is None else tuple(int(d) for d in given.traversalOrder)
    block_map = () if given.blockMap is None else tuple(int(d) for d in given.blockMap)
    return csr.Description(tuple(_dimension(m) for m in given.dimMetadata or ()), order, block_map)


def _metadata(dimension: csr.Dimension) -> Any:
    tables = schema()
    if dimension.segments is None or dimension.indices is None:
        return tables.DimensionMetadataT(denseSize=dimension.size)
    segments_type, segments = _vector(dimension.segments)
    indices_type, indices = _vector(dimension.indices)
    return tables.DimensionMetadataT(
        format=tables.DimensionType.SPARSE_CSR,
        arraySegmentsType=segments_type,
        arraySegments=segments,
        arrayIndicesType=indices_type,
        arrayIndices=indices,
    )


def _vector(numbers: np.ndarray) -> tuple[int, Any]:
    tables = schema()
    name = {"uint8": "Uint8Vector", "uint16": "Uint16Vector", "int32": "Int32Vector"}
    kind = name[numbers.dtype.name]
    return getattr(tables.SparseIndexVector, kind), getattr(tables, f"{kind}T")(numbers)


def _dimension(metadata: Any) -> csr.Dimension:
    if metadata.format == schema().DimensionType.DENSE:
        return csr.Dimension(size=int(metadata.denseSize))
    segments, indices = _numbers(metadata.arraySegments), _numbers(metadata.arrayIndices)
    return csr.Dimension(segments=segments, indices=indices)


def _numbers(vector: Any) -> np.ndarray:
    # An empty vector reads back as the integer 0 or None, depending on the schema's generator.
    found = None if vector is None else vector.values
    return found if isinstance(found, np.ndarray) else np.zeros(0, np.int32)
