"""What an export did, as data: one row per weight, what was tried, what was measured."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Reader = Literal["", "densify", "direct"]


@dataclass(frozen=True)
class TensorEncoding:
    """How one weight is stored.

    Args:
        name: of the tensor in the file.
        shape: of the dense weight in TFLite's order, `[out, in]` for Dense.
        type: of its elements.
        encoding: `"dense"`, `"csr"`, or the block of a sparse weight, `"1x4"` for instance.
        reader: who reads a sparse weight: `"densify"` unpacks it at load time, `"direct"` means
            that the layer's kernel walks it.
        num_nonzero: values other than zero.
        dense_bytes: bytes of the weight stored densely.
        encoded_bytes: bytes of values, segments and indices as stored; the file's tables add
            about 200 to each sparse weight.
        reason: why it is stored this way.
    """

    name: str
    shape: tuple[int, ...]
    type: str
    encoding: str
    reader: Reader
    num_nonzero: int
    dense_bytes: int
    encoded_bytes: int
    reason: str


@dataclass(frozen=True)
class Check:
    """One comparison of a finished file with a reference.

    Args:
        file: which file ran: `"dense"` for the dense twin, else the layout.
        reference: what it was compared with: `"keras"` or `"dense twin"`.
        has_delegates: whether the runtime's default delegates (XNNPACK) were on.
        batch_size: examples per call.
        max_abs_diff: largest absolute difference over all outputs; infinite if it did not run.
        relative_diff: the same, divided by the range of the reference output, 0 included.
        tolerance: the largest `relative_diff` that passes; 0 asks for equality bit for bit.
        error: what the runtime said, empty if it ran.
        rms_diff: root mean square of all differences, divided by the same range.
        rms_tolerance: the largest `rms_diff` that passes. Of rounded activations one example in
            a hundred may be far off, near the border of two classes; the mean may not.
    """

    file: str
    reference: str
    has_delegates: bool
    batch_size: int
    max_abs_diff: float
    relative_diff: float
    tolerance: float
    error: str = ""
    rms_diff: float = 0.0
    rms_tolerance: float = float("inf")

    @property
    def passed(self) -> bool:
        """Whether the file ran and stayed within the tolerances."""
        is_near = self.relative_diff <= self.tolerance and self.rms_diff <= self.rms_tolerance
        return not self.error and is_near

    def __str__(self) -> str:
        delegates = "with" if self.has_delegates else "without"
        found = self.error or f"difference {self.relative_diff:.3g} of the output range"
        limit = f"tolerance {self.tolerance:g}"
        if self.rms_tolerance < float("inf"):
            found += "" if self.error else f", {self.rms_diff:.3g} root mean square"
            limit += f" and {self.rms_tolerance:g}"
        verdict = "ok" if self.passed else "FAILED"
        return (
            f"{self.file} against {self.reference}, {delegates} delegates, batch"
            f" {self.batch_size}: {verdict}, {found} ({limit})"
        )


@dataclass(frozen=True)
class Verification:
    """All comparisons of one file. True only if there are some and every one passed."""

    checks: tuple[Check, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether there was at least one check and none failed."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def reason(self) -> str:
        """The first failure in words; empty if all passed."""
        return next((str(check) for check in self.checks if not check.passed), "")

    @property
    def max_abs_diff(self) -> float:
        """The largest absolute difference seen."""
        return max((check.max_abs_diff for check in self.checks), default=0.0)

    @property
    def relative_diff(self) -> float:
        """The largest difference seen, as a fraction of the output range."""
        return max((check.relative_diff for check in self.checks), default=0.0)


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


@dataclass(frozen=True)
class ExportReport:
    """What an export to TFLite wrote, tried and checked.

    Args:
        path: of the file.
        weights: type the weights were converted to.
        sparse: the encoding that was asked for.
        layout: the encoding of the file: `"dense"`, `"storage"` or `"compute"`.
        tensors: one row per weight.
        file_bytes: size of the file.
        gzip_bytes: the same after `gzip -9`.
        dense_file_bytes: size of its dense twin.
        csr_bound_bytes: bytes of all constants, each dense or in compressed sparse rows, what
            is smaller; the file's tables left out.
        bitmask_bound_bytes: the same with one bit per position instead of indices.
        tried: every layout, in the order it was tried.
        verification: every comparison, those of layouts that were given up included.
        num_samples: how many inputs the comparisons ran on.
        inputs: where these came from.
        runtime: what ran the file.
        notes: what a reader of the figures should know.
        zeros_before: zeros in the weights before they were converted to a smaller type.
        zeros_after: zeros in the same weights in the file; rounding adds some and loses none.
    """

    path: str
    weights: str
    sparse: str
    layout: str
    tensors: tuple[TensorEncoding, ...]
    file_bytes: int
    gzip_bytes: int
    dense_file_bytes: int
    csr_bound_bytes: int
    bitmask_bound_bytes: int
    tried: tuple[Attempt, ...]
    verification: tuple[Check, ...]
    num_samples: int
    inputs: str
    runtime: str
    notes: tuple[str, ...] = ()
    zeros_before: int = 0
    zeros_after: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Returns the report as values that JSON can hold."""
        return to_dict(self)

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
        kept = [check for check in self.verification if check.file == self.layout]
        found = [f"  {line}" for line in differences(kept)]
        return "\n".join([head, table(self.tensors), zeros, *tried, ran, *found, *notes])


def table(rows: tuple[TensorEncoding, ...]) -> str:
    """Renders rows of weights as aligned text."""
    header = ("weight", "shape", "encoding", "non-zero", "dense", "bytes", "reason")
    cells = [header, *(_cells(row) for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(header) - 1)]
    return "\n".join(
        "  " + "  ".join([*(c.ljust(w) for c, w in zip(line, widths, strict=False)), line[-1]])
        for line in cells
    )


def differences(checks: Sequence[Check]) -> list[str]:
    """Says how far a file was from each of its references, and how far it might have been.

    Args:
        checks: of one file.
    """
    by_reference: dict[str, list[Check]] = {}
    for check in checks:
        by_reference.setdefault(check.reference, []).append(check)
    return [_furthest(reference, rows) for reference, rows in by_reference.items()]


def to_dict(value: Any) -> dict[str, Any]:
    """Turns a report into plain values: tuples become lists, infinities text."""
    return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}


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


def _cells(row: TensorEncoding) -> tuple[str, ...]:
    encoding = f"{row.encoding} {row.reader}".strip()
    shape = "x".join(map(str, row.shape))
    return (
        *(row.name, shape, encoding, f"{row.num_nonzero:,}"),
        *(f"{row.dense_bytes:,}", f"{row.encoded_bytes:,}", row.reason),
    )


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return to_dict(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return str(value)
    return value
