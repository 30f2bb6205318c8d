"""A Keras model as a TFLite file that was run and compared before it was handed over."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfticket.errors import CorruptFileError, ExportError
from tfticket.export import _litert, atomic
from tfticket.export.checks import require_exportable
from tfticket.export.convert import dense_tflite
from tfticket.export.encoder import Layout, differing_weight, encode
from tfticket.export.report import Attempt, Check, ExportReport, TensorEncoding
from tfticket.export.signature import Signature, reference, signature
from tfticket.export.sizes import bounds, gzip_size
from tfticket.export.trial import Bench

WEIGHTS = ("float32",)
# What is tried, in order: each next layout asks less of the runtime.
LAYOUTS: dict[str, tuple[Layout, ...]] = {
    "auto": ("auto", "none"),
    "none": ("none",),
    "storage": ("storage", "none"),
    "compute": ("compute", "storage", "none"),
}
SEED = 0
NOTE_DENSIFY = (
    "DENSIFY makes the file smaller and nothing faster: weights are unpacked at load time, so it"
    " runs as fast as the dense file, loads more slowly and takes more memory"
)
NOTE_UNVERIFIED = "this file was never run: verify=False"


@dataclass(frozen=True)
class _Outcome:
    layout: str
    rows: tuple[TensorEncoding, ...]
    tried: tuple[Attempt, ...]
    checks: tuple[Check, ...]


def tflite(
    model: Any,
    path: str | Path,
    *,
    weights: str = "float32",
    sparse: Layout = "auto",
    inputs: Any = None,
    num_samples: int = 256,
    verify: bool = True,
) -> ExportReport:
    """Converts a model to TFLite, encodes its zeros, runs the file and only then hands it over.

    The model is converted densely; then each weight is encoded where that makes it smaller. The
    finished file runs in processes of its own, with and without the runtime's delegates, one
    example at a time and three, against its dense twin and against Keras. If a layout fails, the
    next safer one is tried (compute, storage, dense) and the report says why.

    Args:
        model: of either Keras, built, without tfmot's wrappers.
        path: of the file; an old one is replaced in one step, at the very end.
        weights: type of the weights in the file; `"float32"` so far.
        sparse: `"storage"` for the smallest file, `"compute"` for kernels that skip zeros,
            `"none"`, or `"auto"`: storage for nets without convolutions, none for others.
        inputs: examples to compare on, in the form the model takes, `[examples, ...]`; drawn
            with a fixed seed if not given. Subclassed models need them.
        num_samples: examples to compare on, at least 1.
        verify: whether to run the file at all.

    Returns:
        An `ExportReport`.

    Raises:
        ValueError: for an unknown choice, an unbuilt or wrapped model, or inputs that do not fit.
        ExportError: if the converter refuses the model or no layout passes; `path` is untouched.
        MissingDependencyError: without `ai-edge-litert`.
    """
    _require_choices(weights, sparse, num_samples)
    _litert.require_runtime()
    require_exportable(model)
    given = signature(model, inputs)
    samples = _samples(given, inputs, num_samples) if verify else None
    dense = dense_tflite(model, given)
    with atomic.new_file(path) as draft:
        bench = None
        if samples is not None:
            expected = reference(model, given, samples)
            bench = Bench.of(dense, draft, samples, expected, given.fixed_batch_size)
        outcome = _first_sound(dense, LAYOUTS[sparse], draft, bench)
        blob = draft.read_bytes()
    ran = 0 if samples is None else len(samples[given.names[0]])
    origin = f"random, seed {SEED}" if inputs is None else "given"
    return _report((path, blob, dense), (weights, sparse), outcome, (ran, origin))


def _require_choices(weights: str, sparse: str, num_samples: int) -> None:
    if weights not in WEIGHTS:
        raise ValueError(
            f"`weights` must be one of {WEIGHTS}: other types are not supported yet."
            f" Received: weights={weights!r}"
        )
    if sparse not in LAYOUTS:
        raise ValueError(f"`sparse` must be one of {tuple(LAYOUTS)}. Received: sparse={sparse!r}")
    if num_samples < 1:
        raise ValueError(
            "`num_samples` must be at least 1: a file is compared on examples."
            f" Received: num_samples={num_samples}"
        )


def _samples(given: Signature, inputs: Any, num_samples: int) -> dict[str, np.ndarray]:
    if inputs is None:
        return given.sample(num_samples, SEED)
    return given.take(inputs, num_samples)


def _first_sound(
    dense: bytes, layouts: tuple[Layout, ...], draft: Path, bench: Bench | None
) -> _Outcome:
    """Leaves the first layout that passes in `draft`; raises if none does."""
    tried: list[Attempt] = []
    checks = [] if bench is None else list(bench.twin_checks)
    for layout in layouts:
        blob, found = encode(dense, layout=layout)
        rows = tuple(found)
        name = _layout_name(rows, blob is dense)
        draft.write_bytes(blob)
        failure = _stored_otherwise(dense, blob)
        if not failure and bench is not None and blob is not dense:
            verification = bench.check(draft, name, rows)
            checks += verification.checks
            failure = verification.reason
        tried.append(Attempt(name, not failure, failure or _reason(name, bench)))
        if not failure:
            return _Outcome(name, rows, tuple(tried), tuple(checks))
    listed = "; ".join(f"{a.layout}: {a.reason}" for a in tried)
    raise ExportError(f"no layout passed verification, nothing was written. Tried {listed}")


def _layout_name(rows: tuple[TensorEncoding, ...], is_dense: bool) -> str:
    readers = {row.reader for row in rows} - {""}
    if is_dense or not readers:
        return "dense"
    return "compute" if "direct" in readers else "storage"


def _stored_otherwise(dense: bytes, blob: bytes) -> str:
    if blob is dense:
        return ""
    if len(blob) >= len(dense):
        return f"its {len(blob)} bytes are not fewer than the dense file's {len(dense)}"
    try:
        return differing_weight(dense, blob)
    except CorruptFileError as error:
        return str(error)


def _reason(name: str, bench: Bench | None) -> str:
    encoded = "no weight is smaller encoded" if name == "dense" else "smaller than dense"
    return encoded if bench is None else f"{encoded}, passed every comparison"


def _report(
    written: tuple[str | Path, bytes, bytes],
    asked: tuple[str, str],
    outcome: _Outcome,
    samples: tuple[int, str],
) -> ExportReport:
    path, blob, dense = written
    found = bounds(blob)
    return ExportReport(
        path=str(path),
        weights=asked[0],
        sparse=asked[1],
        layout=outcome.layout,
        tensors=outcome.rows,
        file_bytes=len(blob),
        gzip_bytes=gzip_size(blob),
        dense_file_bytes=len(dense),
        csr_bound_bytes=sum(min(row.dense_bytes, row.csr_bytes) for row in found),
        bitmask_bound_bytes=sum(min(row.dense_bytes, row.bitmask_bytes) for row in found),
        tried=outcome.tried,
        verification=outcome.checks,
        num_samples=samples[0],
        inputs=samples[1],
        runtime=_litert.runtime_version(),
        notes=_notes(outcome, samples[0]),
    )


def _notes(outcome: _Outcome, num_samples: int) -> tuple[str, ...]:
    notes = [] if num_samples else [NOTE_UNVERIFIED]
    if any(row.reader == "densify" for row in outcome.rows):
        notes.append(NOTE_DENSIFY)
    return tuple(notes)
