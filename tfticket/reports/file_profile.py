"""TFLite files side by side: what is in them, how small they are, how fast, by which kernels."""

from __future__ import annotations

import dataclasses
import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfticket import export
from tfticket.files import to_dict
from tfticket.litert.drawn import InputShapes, tensor_shapes
from tfticket.litert.latency import Conditions
from tfticket.tables import aligned, markdown
from tfticket.tflite.arithmetic import multiply_adds
from tfticket.tflite.densify import densify
from tfticket.tflite.file import File

__all__ = ["FileProfile", "FilesProfile", "profile_files"]

TWIN = "dense twin of {name}"
WEIGHT_TYPES = ("float32", "float16", "int8")
SIZE_HEADER = (
    *("file", "bytes", "of first", "gzip -9", "CSR bound", "bitmask bound", "weights"),
    *("sparsity", "multiply-adds", "not by 0"),
)
TIME_HEADER = (
    *("file", "p50 ms", "p10", "p90", "speed p50", "p10", "p90", "load ms", "RAM, kB"),
    *("max difference", "own kernels", "XNNPACK"),
)


@dataclass(frozen=True)
class FileProfile:
    """One file.

    Args:
        name: of the file, or whose dense twin it is.
        latency: its size, times, kernels, memory, and difference from the first file.
        gzip_bytes: after `gzip -9`.
        csr_bound_bytes: of all constants, each dense or in compressed sparse rows, the smaller.
        bitmask_bound_bytes: the same with a bit per position.
        num_weights: entries of all constants of two axes or more.
        num_nonzero: those that are not zero, read from the file.
        multiply_adds: of Dense and convolution kernels, for one example; `None` where that depends
            on what the file is fed with.
        effective_multiply_adds: of their weights that are not zero.
        tensors: how each constant is stored.
        warnings: what can go wrong with it, here or elsewhere.
    """

    name: str
    latency: export.FileLatency
    gzip_bytes: int
    csr_bound_bytes: int
    bitmask_bound_bytes: int
    num_weights: int
    num_nonzero: int
    multiply_adds: int | None
    effective_multiply_adds: int | None
    tensors: tuple[export.TensorEncoding, ...]
    warnings: tuple[export.Hazard, ...]

    @property
    def sparsity(self) -> float:
        """Fraction of the weights that are zero in the file."""
        return 1 - self.num_nonzero / self.num_weights if self.num_weights else 0.0


@dataclass(frozen=True)
class FilesProfile(Conditions):
    """Files side by side, the first is what the others are compared with, and the `Conditions`.

    Args:
        files: a row per file.
    """

    files: tuple[FileProfile, ...]

    def to_dict(self) -> dict[str, Any]:
        """Returns every figure as values that JSON can hold."""
        plain = to_dict(self)
        for row, file in zip(plain["files"], self.files, strict=True):
            row["sparsity"] = file.sparsity
        return plain

    def markdown(self) -> str:
        """Returns the tables in Markdown."""
        tables = [markdown(SIZE_HEADER, self._sizes()), markdown(TIME_HEADER, self._times())]
        return "\n\n".join([*tables, f"{self.conditions}.", *self._warned()])

    def __str__(self) -> str:
        tables = [aligned(SIZE_HEADER, self._sizes()), aligned(TIME_HEADER, self._times())]
        return "\n\n".join([*tables, "\n".join([self.conditions, *self._warned()])])

    def _sizes(self) -> list[list[str]]:
        first = self.files[0].latency.file_bytes
        return [
            [
                *(f.name, f"{f.latency.file_bytes:,}", f"{f.latency.file_bytes / first:.3f}"),
                *(f"{n:,}" for n in (f.gzip_bytes, f.csr_bound_bytes, f.bitmask_bound_bytes)),
                *(f"{f.num_weights:,}", f"{f.sparsity:.4f}"),
                *(_number(f.multiply_adds), _number(f.effective_multiply_adds)),
            ]
            for f in self.files
        ]

    def _times(self) -> list[list[str]]:
        rows = []
        for f in self.files:
            row, largest = f.latency, f.latency.max_abs_diff
            rows.append(
                [
                    *(f.name, *(f"{t:.4f}" for t in (row.p50_ms, row.p10_ms, row.p90_ms))),
                    *(f"{s:.2f}" for s in (row.speed_p50, row.speed_p10, row.speed_p90)),
                    *(f"{row.load_ms:.1f}", f"{row.memory_bytes / 1000:,.0f}"),
                    "other outputs" if largest is None else f"{largest:.2g}",
                    *(_counted(row.builtin), _counted(row.delegated)),
                ]
            )
        return rows

    def _warned(self) -> list[str]:
        return [f"Warning {w.code}, {f.name}: {w.message}" for f in self.files for w in f.warnings]


def profile_files(
    paths: Sequence[str | Path],
    *,
    batch_size: int = 1,
    num_threads: int = 1,
    num_rounds: int = 50,
    input_shapes: InputShapes | None = None,
) -> FilesProfile:
    """Measures TFLite files side by side: sizes, bounds, zeros, latencies, memory, kernels.

    If the first file has sparse weights, its dense twin, which is made of it, goes before it, so
    that there always is a dense file to compare with.

    Args:
        paths: of TFLite files; the first is what the others are compared with.
        batch_size: examples per call, where a file leaves that open.
        num_threads: of the interpreter.
        num_rounds: timings of each file, at least 1.
        input_shapes: as in `export.latency`.

    Returns:
        A `FilesProfile`.

    Raises:
        ValueError: without a file, or for numbers below 1.
        FileNotFoundError: if a file does not exist.
        CorruptFileError: if a file is damaged.
        ExportError: if a file kills the runtime or does not run.
        MissingDependencyError: without `ai-edge-litert`.
    """
    options = {"batch_size": batch_size, "num_threads": num_threads, "num_rounds": num_rounds}
    with tempfile.TemporaryDirectory(prefix="tfticket_") as folder:
        named = {str(path): Path(path) for path in paths}
        for path in list(named.values())[:1]:
            first = File.read(path) if path.exists() else None
            if first is not None and (dense := densify(first)) is not first.blob:
                beside = Path(folder) / "twin.tflite"
                beside.write_bytes(dense)
                named = {TWIN.format(name=path): beside, **named}
        timed = export.latency(list(named.values()), **options, input_shapes=input_shapes)
        pairs = zip(named.items(), timed.files, strict=True)
        files = tuple(
            _profile(name, path, row, tensor_shapes(path, input_shapes))
            for (name, path), row in pairs
        )
    return FilesProfile(files, **options, runtime=timed.runtime, cpu=timed.cpu)


def _profile(
    name: str, path: Path, row: export.FileLatency, shapes: Mapping[int, tuple[int, ...]]
) -> FileProfile:
    found, measured = export.inspect(path), export.sizes(path)
    weights = [t for t in found.tensors if len(t.shape) >= 2 and t.type in WEIGHT_TYPES]
    counted = multiply_adds(File.read(path), shapes)
    return FileProfile(
        name=name,
        latency=dataclasses.replace(row, path=name),
        gzip_bytes=measured.gzip_bytes,
        csr_bound_bytes=measured.csr_bound_bytes,
        bitmask_bound_bytes=measured.bitmask_bound_bytes,
        num_weights=sum(_size(t) for t in weights),
        num_nonzero=sum(t.num_nonzero for t in weights),
        multiply_adds=None if counted is None else counted[0],
        effective_multiply_adds=None if counted is None else counted[1],
        tensors=found.tensors,
        warnings=found.warnings,
    )


def _number(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"


def _size(tensor: export.TensorEncoding) -> int:
    return math.prod(tensor.shape)


def _counted(kernels: dict[str, int]) -> str:
    return ", ".join(f"{name} x{count}" for name, count in kernels.items()) or "none"
