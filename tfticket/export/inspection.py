"""Reads any TFLite file, also other people's: how each constant is stored, and what is in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfticket.errors import CorruptFileError
from tfticket.export import flatbuffer, graph, sparsity
from tfticket.export.report import TensorEncoding, table, to_dict


@dataclass(frozen=True)
class Hazard:
    """One thing about a file that can go wrong, here or elsewhere.

    Args:
        code: short name of the case.
        tensor: name of the constant it concerns; empty for the whole graph.
        message: what happens and what to do.
    """

    code: str
    tensor: str
    message: str


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
        warned = [f"  {w.code} {w.tensor}: {w.message}" for w in self.warnings]
        head = f"{self.path}: {self.file_bytes:,} bytes"
        return "\n".join([head, table(self.tensors), *warned])


def inspect(path: str | Path) -> Inspection:
    """Reads how a TFLite file stores its constants. The file is parsed, never run.

    Args:
        path: of any TFLite file.

    Returns:
        An `Inspection`; sparse constants, ours and the converter's, are decoded to be counted.

    Raises:
        CorruptFileError: if the file is damaged or a sparse constant contradicts itself.
        MissingDependencyError: without `ai-edge-litert`.
    """
    blob = Path(path).read_bytes()
    try:
        model = flatbuffer.read(blob)
        rows = [_row(model, constant) for constant in graph.constants(model)]
        operators = graph.count_operators(model)
    except CorruptFileError as error:
        raise CorruptFileError(f"{path}: {error}") from error
    return Inspection(str(path), len(blob), tuple(r for r in rows if r), operators)


def _row(model: Any, constant: graph.Constant) -> TensorEncoding | None:
    number, index = constant.tensors[0]
    tensor = model.subgraphs[number].tensors[index]
    dense = sparsity.dense_values(model, tensor)
    if dense is None:
        return None
    readers = sorted({use.name for use in constant.uses})
    is_unpacked = readers == ["DENSIFY"]
    return TensorEncoding(
        name=flatbuffer.tensor_name(tensor),
        shape=dense.shape,
        type=flatbuffer.type_name(tensor),
        encoding=_encoding(tensor),
        reader="" if tensor.sparsity is None else "densify" if is_unpacked else "direct",
        num_nonzero=int(np.count_nonzero(dense)),
        dense_bytes=dense.nbytes,
        encoded_bytes=sparsity.stored_bytes(model, tensor),
        reason=f"read by {', '.join(readers)}" if readers else "read by no operator",
    )


def _encoding(tensor: Any) -> str:
    if tensor.sparsity is None:
        return "dense"
    levels, order, block_map = sparsity.levels(tensor)
    if not block_map:
        return "csr"
    rank = len(order) - len(block_map)
    blocks = {d: levels[order.index(rank + i)].size for i, d in enumerate(block_map)}
    return "x".join(str(blocks.get(d, 1)) for d in range(rank))
