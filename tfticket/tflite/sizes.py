"""How large a file or folder is, and how small its weights could be."""

from __future__ import annotations

import gzip
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfticket.files import to_dict
from tfticket.tflite import csr, graph
from tfticket.tflite.file import File, Tensor

__all__ = ["Bounds", "Sizes", "bounds", "gzip_size", "raw_bytes", "sizes"]

GZIP_LEVEL = 9


@dataclass(frozen=True)
class Bounds:
    """What one constant takes at least, in bytes, the file's tables left out.

    Args:
        name: of the tensor.
        shape: of the dense weight.
        num_nonzero: values other than zero.
        stored_bytes: as it is in the file.
        dense_bytes: stored densely.
        csr_bytes: in compressed sparse rows, indices in the smallest type that fits a row.
        bitmask_bytes: as one bit per position and the values that are not zero.
    """

    name: str
    shape: tuple[int, ...]
    num_nonzero: int
    stored_bytes: int
    dense_bytes: int
    csr_bytes: int
    bitmask_bytes: int


@dataclass(frozen=True)
class Sizes:
    """Sizes of a file or folder in bytes.

    Args:
        path: of the file or folder.
        num_files: files counted.
        raw_bytes: their lengths together.
        gzip_bytes: lengths after `gzip -9` of each file by itself, without name and time stamp.
        tensors: one row per constant of a TFLite file; empty for anything else.
    """

    path: str
    num_files: int
    raw_bytes: int
    gzip_bytes: int
    tensors: tuple[Bounds, ...] = ()

    @property
    def csr_bound_bytes(self) -> int:
        """Bytes of all constants, each dense or in compressed sparse rows, what is smaller."""
        return sum(min(row.dense_bytes, row.csr_bytes) for row in self.tensors)

    @property
    def bitmask_bound_bytes(self) -> int:
        """Bytes of all constants, each dense or as a bitmask and values, what is smaller."""
        return sum(min(row.dense_bytes, row.bitmask_bytes) for row in self.tensors)

    def to_dict(self) -> dict[str, Any]:
        """Returns the sizes as values that JSON can hold, the bounds included."""
        bounds = {"csr_bound_bytes": self.csr_bound_bytes}
        return to_dict(self) | bounds | {"bitmask_bound_bytes": self.bitmask_bound_bytes}

    def __str__(self) -> str:
        text = f"{self.path}: {self.raw_bytes:,} bytes, gzip -{GZIP_LEVEL}: {self.gzip_bytes:,}"
        if not self.tensors:
            return text
        return f"{text}, bounds: CSR {self.csr_bound_bytes:,}, bitmask {self.bitmask_bound_bytes:,}"


def sizes(path: str | Path) -> Sizes:
    """Measures a file, or every file below a folder.

    Args:
        path: of a file or folder.

    Returns:
        A `Sizes`, with bounds per weight for a TFLite file.

    Raises:
        FileNotFoundError: if there is nothing at `path`.
        CorruptFileError: if a file named `.tflite` is damaged.
    """
    root, files = Path(path), _files(path)
    raw = sum(file.stat().st_size for file in files)
    compressed = sum(gzip_size(file.read_bytes()) for file in files)
    is_tflite = root.is_file() and root.suffix == ".tflite"
    tensors = bounds(File.read(root)) if is_tflite else ()
    return Sizes(os.fspath(path), len(files), raw, compressed, tensors)


def raw_bytes(path: str | Path) -> int:
    """Returns the length of a file, or of all files below a folder; nothing is read or packed.

    Args:
        path: of a file or folder.

    Raises:
        FileNotFoundError: if there is nothing at `path`.
    """
    return sum(file.stat().st_size for file in _files(path))


def _files(path: str | Path) -> list[Path]:
    root = Path(path)
    if not root.exists():
        raise FileNotFoundError(f"`path` must exist. Received: path={str(path)!r}")
    return sorted(f for f in root.rglob("*") if f.is_file()) if root.is_dir() else [root]


def gzip_size(blob: bytes) -> int:
    """Returns the length of `gzip -9`'s output, which does not depend on names or time."""
    return len(gzip.compress(blob, GZIP_LEVEL, mtime=0))


def bounds(file: File) -> tuple[Bounds, ...]:
    """Returns the bounds of every constant of a TFLite file, weights and biases.

    Raises:
        CorruptFileError: if a constant is damaged.
    """
    found = [(c.tensor, c.tensor.dense_values()) for c in graph.constants(file)]
    return tuple(_bounds(tensor, dense) for tensor, dense in found if dense is not None)


def _bounds(tensor: Tensor, dense: np.ndarray) -> Bounds:
    kept, itemsize = int(np.count_nonzero(dense)), dense.itemsize
    has_rows = dense.ndim >= 2
    return Bounds(
        name=tensor.name,
        shape=dense.shape,
        num_nonzero=kept,
        stored_bytes=tensor.stored_bytes,
        dense_bytes=math.prod(dense.shape) * itemsize,
        csr_bytes=csr.csr_bound(dense.shape, kept, itemsize) if has_rows else dense.nbytes,
        bitmask_bytes=csr.bitmask_bound(dense.shape, kept, itemsize) if has_rows else dense.nbytes,
    )
