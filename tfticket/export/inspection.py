"""Reads any TFLite file, also other people's: how each constant is stored, and what is in it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfticket.errors import CorruptFileError
from tfticket.export import flatbuffer, graph, sparsity
from tfticket.export.hazards import Hazard, blocks, hazards
from tfticket.export.report import Reader, TensorEncoding, table, to_dict


@dataclass(frozen=True)
class Inspection:
    """What a TFLite file holds.

    Args:
        path: of the file.
        file_bytes: its length.
        tensors: one row per constant, weights and biases.
        operators: how often each operator occurs.
        warnings: what can go wrong with it.
    """

    path: str
    file_bytes: int
    tensors: tuple[TensorEncoding, ...]
    operators: dict[str, int]
    warnings: tuple[Hazard, ...] = ()

    @property
    def num_nonzero(self) -> int:
        """Values other than zero in all constants."""
        return sum(row.num_nonzero for row in self.tensors)

    def to_dict(self) -> dict[str, Any]:
        """Returns the inspection as values that JSON can hold."""
        return to_dict(self)

    def __str__(self) -> str:
        warned = [
            f"  warning {w.code}{f', {w.tensor}' if w.tensor else ''}: {w.message}"
            for w in self.warnings
        ]
        used = ", ".join(f"{name} x{count}" for name, count in self.operators.items())
        head = f"{self.path}: {self.file_bytes:,} bytes"
        return "\n".join([head, table(self.tensors), f"  operators: {used}", *warned])


def inspect(path: str | Path) -> Inspection:
    """Reads how a TFLite file stores its constants. The file is parsed, never run.

    Args:
        path: of any TFLite file.

    Returns:
        An `Inspection`; sparse constants, ours and the converter's, are decoded to be counted.
        One that contradicts itself has the encoding `"damaged"` and a warning, and of its values
        only the stored ones are counted.

    Raises:
        CorruptFileError: if the file is damaged.
        MissingDependencyError: without `ai-edge-litert`.
    """
    blob = Path(path).read_bytes()
    try:
        model = flatbuffer.read(blob)
        rows = [_row(model, constant) for constant in graph.constants(model)]
        operators = graph.count_operators(model)
        warnings = hazards(model)
    except CorruptFileError as error:
        raise CorruptFileError(f"{path}: {error}") from error
    return Inspection(str(path), len(blob), tuple(r for r in rows if r), operators, warnings)


def _row(model: Any, constant: graph.Constant) -> TensorEncoding | None:
    number, index = constant.tensors[0]
    tensor = model.subgraphs[number].tensors[index]
    stored = flatbuffer.stored_values(model, tensor)
    if stored is None:
        return None
    num_nonzero, encoding = int(np.count_nonzero(stored)), "damaged"
    try:
        sparsity.dense_values(model, tensor)  # what is stored beside kept values is zero
        encoding = _encoding(tensor)
    except CorruptFileError:
        if tensor.sparsity is None:
            raise
    shape = flatbuffer.shape(tensor)
    readers = sorted({use.name for use in constant.uses})
    return TensorEncoding(
        name=flatbuffer.tensor_name(tensor),
        shape=shape,
        type=flatbuffer.type_name(tensor),
        encoding=encoding,
        reader=_reader(tensor, readers),
        num_nonzero=num_nonzero,
        dense_bytes=math.prod(shape) * stored.itemsize,
        encoded_bytes=sparsity.stored_bytes(model, tensor),
        reason=f"read by {', '.join(readers)}" if readers else "read by no operator",
    )


def _reader(tensor: Any, readers: list[str]) -> Reader:
    if tensor.sparsity is None:
        return ""
    return "densify" if readers == ["DENSIFY"] else "direct"


def _encoding(tensor: Any) -> str:
    if tensor.sparsity is None:
        return "dense"
    divided = blocks(tensor)
    rank = len(flatbuffer.shape(tensor))
    return "x".join(str(divided.get(d, 1)) for d in range(rank)) if divided else "csr"
