"""Reads any TFLite file, also other people's: how each constant is stored, and what is in it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfticket.errors import CorruptFileError
from tfticket.files import Plain
from tfticket.tflite import graph
from tfticket.tflite.file import File, Tensor
from tfticket.tflite.hazards import Hazard, hazards
from tfticket.tflite.tensor_encoding import Reader, TensorEncoding, table

__all__ = ["Inspection", "inspect"]


@dataclass(frozen=True)
class Inspection(Plain):
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
    file = File.read(path)
    try:
        found = [_row(constant) for constant in graph.constants(file)]
        warnings = hazards(file)
    except CorruptFileError as error:
        raise CorruptFileError(f"{path}: {error}") from error
    rows = tuple(row for row in found if row)
    return Inspection(str(path), len(file.blob), rows, graph.count_operators(file), warnings)


def _row(constant: graph.Constant) -> TensorEncoding | None:
    tensor = constant.tensor
    stored = tensor.stored_values()
    if stored is None:
        return None
    num_nonzero, encoding = int(np.count_nonzero(stored)), "damaged"
    try:
        tensor.dense_values()  # what is stored beside kept values is zero
        encoding = _encoding(tensor)
    except CorruptFileError:
        if tensor.sparsity is None:
            raise
    readers = sorted({use.name for use in constant.uses})
    return TensorEncoding(
        name=tensor.name,
        shape=tensor.shape,
        type=tensor.type,
        encoding=encoding,
        reader=_reader(tensor, readers),
        num_nonzero=num_nonzero,
        dense_bytes=math.prod(tensor.shape) * stored.itemsize,
        encoded_bytes=tensor.stored_bytes,
        reason=f"read by {', '.join(readers)}" if readers else "read by no operator",
    )


def _reader(tensor: Tensor, readers: list[str]) -> Reader:
    if tensor.sparsity is None:
        return ""
    return "densify" if readers == ["DENSIFY"] else "direct"


def _encoding(tensor: Tensor) -> str:
    if tensor.sparsity is None:
        return "dense"
    divided = tensor.sparsity.blocks
    rank = len(tensor.shape)
    return "x".join(str(divided.get(d, 1)) for d in range(rank)) if divided else "csr"
