"""What an export to TFLite did, as data: what was tried, what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tfticket.files import Plain
from tfticket.litert.comparison import Check
from tfticket.tflite.tensor_encoding import TensorEncoding, table

__all__ = ["Attempt", "ExportReport", "FileReport", "differences"]


@dataclass(frozen=True)
class Attempt:
    """One layout that was tried.

    Args:
        layout: `"dense"`, `"storage"` or `"compute"`.
        passed: whether it was kept.
        reason: why it was kept or given up.
    """

    layout: str
    passed: bool
    reason: str


@dataclass(frozen=True, kw_only=True)
class FileReport(Plain):
    """What is said of a TFLite file that was written, tried and checked.

    Args:
        path: of the file.
        layout: the encoding of the file: `"dense"`, `"storage"` or `"compute"`.
        tensors: one row per weight.
        file_bytes: size of the file.
        gzip_bytes: the same after `gzip -9`.
        tried: every layout, in the order it was tried.
        verification: every comparison, those of layouts that were given up included.
        runtime: what ran the file.
        notes: what a reader of the figures should know.
    """

    path: str
    layout: str
    tensors: tuple[TensorEncoding, ...]
    file_bytes: int
    gzip_bytes: int
    tried: tuple[Attempt, ...]
    verification: tuple[Check, ...]
    runtime: str
    notes: tuple[str, ...] = ()

    @property
    def kept(self) -> list[Check]:
        """The comparisons of the layout that was kept."""
        return [check for check in self.verification if check.file == self.layout]


@dataclass(frozen=True, kw_only=True)
class ExportReport(FileReport):
    """What an export to TFLite did, besides what a `FileReport` says.

    Args:
        weights: type the weights were converted to.
        sparse: the encoding that was asked for.
        dense_file_bytes: size of its dense twin.
        csr_bound_bytes: bytes of all constants, each dense or in compressed sparse rows, what
            is smaller; the file's tables left out.
        bitmask_bound_bytes: the same with one bit per position instead of indices.
        num_samples: how many inputs the comparisons ran on.
        inputs: where these came from.
        zeros_before: zeros in the weights before they were converted to a smaller type.
        zeros_after: zeros in the same weights in the file; rounding adds some and loses none.
    """

    weights: str
    sparse: str
    dense_file_bytes: int
    csr_bound_bytes: int
    bitmask_bound_bytes: int
    num_samples: int
    inputs: str
    zeros_before: int = 0
    zeros_after: int = 0

    def __str__(self) -> str:
        ratio = self.file_bytes / self.dense_file_bytes
        head = (
            f"{self.path}: {self.file_bytes:,} bytes ({ratio:.3f} of dense), {self.weights}, layout"
            f" {self.layout};"
            f" gzip -9: {self.gzip_bytes:,} bytes; dense twin: {self.dense_file_bytes:,} bytes"
        )
        tried = [f"  tried {a.layout}: {a.reason}" for a in self.tried]
        notes = [f"  note: {note}" for note in self.notes]
        zeros = f"  zeros: {self.zeros_before:,} before, {self.zeros_after:,} after"
        ran = f"  checked on {self.num_samples} inputs ({self.inputs}) with {self.runtime}"
        found = [f"  {line}" for line in differences(self.kept)]
        return "\n".join([head, table(self.tensors), zeros, *tried, ran, *found, *notes])


def differences(checks: Sequence[Check]) -> list[str]:
    """Says how far a file was from each of its references, and how far it might have been.

    Args:
        checks: of one file.
    """
    by_reference: dict[str, list[Check]] = {}
    for check in checks:
        by_reference.setdefault(check.reference, []).append(check)
    return [_furthest(reference, rows) for reference, rows in by_reference.items()]


def _furthest(reference: str, checks: list[Check]) -> str:
    worst = max(checks, key=lambda check: check.relative_diff)
    said = (
        f"differs from {reference} by at most {worst.relative_diff:.3g} of the output range"
        f" ({worst.tolerance:g} passes)"
    )
    if worst.rms_tolerance < float("inf"):
        rms = max(check.rms_diff for check in checks)
        said += f", {rms:.3g} root mean square ({worst.rms_tolerance:g} passes)"
    return said
