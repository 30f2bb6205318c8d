"""The tables of a TFLite file: the generated schema of `ai_edge_litert`, and what we use of it.

The classes below only say which fields the schema's own classes of these names have, and of which
type; nothing is made of them.

References:
    https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/schema/schema.fbs
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from tfticket import optional

__all__ = [
    "BufferT",
    "MetadataT",
    "ModelT",
    "OperatorCodeT",
    "OperatorT",
    "QuantizationParametersT",
    "SparsityParametersT",
    "SubGraphT",
    "TensorT",
    "builder",
    "names",
    "numbers",
    "schema",
]

Places = Sequence[int] | np.ndarray | None


class BufferT(Protocol):
    """The bytes of a constant."""

    data: np.ndarray | None
    offset: int
    size: int


class MetadataT(Protocol):
    """A named buffer."""

    name: bytes
    buffer: int


class OperatorCodeT(Protocol):
    """A kind of operator, and the version of it."""

    builtinCode: int  # noqa: N815 (the schema's names, here and below)
    deprecatedBuiltinCode: int  # noqa: N815
    customCode: bytes | None  # noqa: N815
    version: int


class OperatorT(Protocol):
    """One operator; its options are a table of its own kind."""

    opcodeIndex: int  # noqa: N815
    inputs: Places
    outputs: Places
    builtinOptions: object  # noqa: N815
    largeCustomOptionsOffset: int | None  # noqa: N815


class QuantizationParametersT(Protocol):
    """Scales and zero points of integers, of the whole tensor or along a dimension."""

    scale: np.ndarray | None
    zeroPoint: np.ndarray | None  # noqa: N815
    quantizedDimension: int  # noqa: N815


class SparsityParametersT(Protocol):
    """How a sparse tensor is packed."""

    traversalOrder: Places  # noqa: N815
    blockMap: Places  # noqa: N815
    dimMetadata: Sequence[Any] | None  # noqa: N815


class TensorT(Protocol):
    """One tensor; what it holds is in a buffer."""

    name: bytes | None
    shape: Places
    shapeSignature: Places  # noqa: N815
    type: int
    buffer: int
    isVariable: bool  # noqa: N815
    hasRank: bool  # noqa: N815
    quantization: QuantizationParametersT | None
    sparsity: SparsityParametersT | None


class SubGraphT(Protocol):
    """Tensors and the operators between them."""

    tensors: list[TensorT]
    operators: list[OperatorT]
    inputs: Places
    outputs: Places


class ModelT(Protocol):
    """A whole file."""

    subgraphs: list[SubGraphT]
    buffers: list[BufferT]
    operatorCodes: list[OperatorCodeT]  # noqa: N815
    metadata: list[MetadataT] | None
    signatureDefs: list[Any] | None  # noqa: N815
    metadataBuffer: Places  # noqa: N815

    def Pack(self, builder: Any) -> int:  # noqa: N802
        """Writes the tables into a builder and returns where the root is."""
        ...


def schema() -> Any:
    """Returns the generated TFLite schema module.

    Raises:
        MissingDependencyError: without `ai-edge-litert`; the message says how to get it.
    """
    return _required("ai_edge_litert.schema_py_generated", "to read and write TFLite files")


def builder(size: int) -> Any:
    """Returns an empty flatbuffer builder with room for `size` bytes."""
    return _required("flatbuffers", "to write TFLite files").Builder(size)


@functools.cache
def names(enumeration: type) -> dict[int, str]:
    """Maps the values of a schema enumeration to their names."""
    return {v: k for k, v in vars(enumeration).items() if isinstance(v, int)}


def numbers(places: Places) -> tuple[int, ...]:
    """Returns what a vector of the file holds; nothing if it is left out."""
    return () if places is None else tuple(int(place) for place in places)


def _required(module: str, purpose: str) -> Any:
    return optional.require(module, "ai-edge-litert", "export", purpose)
