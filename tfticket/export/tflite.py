"""A Keras model as a TFLite file that was run and compared before it was handed over."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfticket.errors import CorruptFileError, ExportError
from tfticket.export import _litert, atomic
from tfticket.export.ai_edge import ai_edge_tflite, ai_edge_version
from tfticket.export.checks import is_quantize_aware, require_exportable
from tfticket.export.choices import (
    LAYOUTS,
    Quantizer,
    limits_asked,
    require_choices,
    require_data,
)
from tfticket.export.convert import WeightType, dense_tflite, quantized_tflite
from tfticket.export.encoder import Layout, differing_weight, encode
from tfticket.export.evidence import require_seeing, require_telling, weaknesses
from tfticket.export.quantization import Rounding, rounding
from tfticket.export.report import Attempt, Check, ExportReport, TensorEncoding
from tfticket.export.signature import Signature, reference, signature
from tfticket.export.sizes import bounds, gzip_size
from tfticket.export.trial import Bench

SEED = 0
NOTE_DENSIFY = (
    "DENSIFY makes the file smaller and nothing faster: weights are unpacked at load time, so it"
    " runs as fast as the dense file, loads more slowly and takes more memory"
)
NOTE_INT8 = (
    "int8 and dynamic files stay dense, zeros included: they are fast that way, and gzip makes the"
    " zeros small on their way to the user"
)
NOTE_UNVERIFIED = "this file was never run: verify=False"


@dataclass(frozen=True)
class _Outcome:
    layout: str
    rows: tuple[TensorEncoding, ...]
    tried: tuple[Attempt, ...]
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class _Asked:
    weights: WeightType
    sparse: Layout
    inputs: str
    num_samples: int
    notes: tuple[str, ...]


def tflite(
    model: Any,
    path: str | Path,
    *,
    weights: WeightType = "float32",
    sparse: Layout = "auto",
    representative_data: Any = None,
    inputs: Any = None,
    num_samples: int = 256,
    verify: bool | float = True,
    quantizer: Quantizer = "converter",
) -> ExportReport:
    """Converts a model to TFLite, encodes its zeros, runs the file and only then hands it over.

    Each weight is encoded where that makes it smaller. The file runs in processes of its own, with
    and without delegates, one example at a time and three, against its dense twin and Keras; if
    it fails, the next safer layout is tried. Weights of a smaller type must be the nearest.

    Args:
        model: of either Keras, built, not wrapped but, for `"int8"`, by `quantize_aware`.
        path: of the file; an old one is replaced in one step.
        weights: `"float32"`, `"float16"`, or, always dense, `"dynamic"` (int8 weights) or `"int8"`.
        sparse: `"storage"` for the smallest file, `"compute"` for kernels that skip zeros,
            `"none"`, or `"auto"`, which is storage. Where phones would be wrong, it stays dense.
        representative_data: typical inputs, `[examples, ...]`: ranges of an `"int8"` file.
        inputs: examples to compare on, finite and not all alike; if not given,
            `representative_data`, or drawn with a fixed seed. Subclassed models need them.
        num_samples: examples to compare on, at least 1.
        verify: whether to run the file; as a number, the largest difference from Keras that
            passes, a fraction of the output range. `True` allows 1e-4 for float32, 0.01 for
            float16, 0.1 for dynamic and 0.25 for int8: ask for what your model needs.
        quantizer: of integers: TensorFlow's converter, or `"ai-edge"`, ai-edge-quantizer.

    Returns:
        An `ExportReport`.

    Raises:
        TypeError: for a ticket, which has no layers.
        ValueError: for an unknown choice, an unbuilt model, or inputs unfit or telling nothing.
        ExportError: if conversion fails, Keras gives NaN, or no layout passes; `path` untouched.
        MissingDependencyError: without `ai-edge-litert`, or the quantizer asked for.
    """
    require_choices(weights, sparse, num_samples, quantizer)
    limits = limits_asked(weights, verify)
    _litert.require_runtime()
    require_exportable(model, may_be_quantize_aware=weights == "int8")
    require_data(model, weights, representative_data, quantizer)
    examples = representative_data if inputs is None else inputs
    given = signature(model, examples)
    calibration = _calibration(given, representative_data)
    references = _references(model, given, examples, num_samples) if limits else None
    dense, found = _converted(model, given, (weights, quantizer), calibration)
    blob, outcome = _written(path, dense, LAYOUTS[sparse], (references, given, limits))
    ran = len(references[0][given.names[0]]) if references else 0
    notes = _notes_on(weights, quantizer) + (weaknesses(references[1]) if references else ())
    asked = _Asked(weights, sparse, _origin(examples), ran, notes)
    return _report((path, blob, dense), asked, outcome, found)


def _converted(
    model: Any,
    given: Signature,
    chosen: tuple[WeightType, Quantizer],
    calibration: dict[str, np.ndarray] | None,
) -> tuple[bytes, Rounding]:
    weights, quantizer = chosen
    dense = dense_tflite(model, given)
    if weights == "float32":
        return dense, rounding(dense, dense)
    options: dict[str, Any] = {"weights": weights, "calibration": calibration}
    if quantizer == "ai-edge":
        converted = ai_edge_tflite(given, dense, **options)
    else:
        converted = quantized_tflite(model, given, dense, **options)
    return converted, rounding(dense, converted, is_nearest=not is_quantize_aware(model))


def _calibration(given: Signature, representative_data: Any) -> dict[str, np.ndarray] | None:
    if representative_data is None:
        return None
    taken = given.take(representative_data, None)
    require_telling(taken, "representative_data")
    return taken


def _references(
    model: Any, given: Signature, inputs: Any, num_samples: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Takes or draws inputs and asks Keras; both must be fit to show a difference."""
    if inputs is None:
        samples = given.sample(num_samples, SEED)
    else:
        samples = given.take(inputs, num_samples)
        require_telling(samples, "inputs")
    expected = reference(model, given, samples)
    require_seeing(expected)
    return samples, expected


def _origin(examples: Any) -> str:
    return f"random, seed {SEED}" if examples is None else "given"


def _written(
    path: str | Path, dense: bytes, layouts: tuple[Layout, ...], near: tuple[Any, Any, Any]
) -> tuple[bytes, _Outcome]:
    references, given, limits = near
    with atomic.new_file(path) as draft:
        bench = None
        if references and limits:
            bench = Bench.of(dense, draft, references, given.fixed_batch_size, limits)
        outcome = _first_sound(dense, layouts, draft, bench)
        return draft.read_bytes(), outcome


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
        tried.append(Attempt(name, not failure, failure or _reason(name, rows, bench)))
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


def _reason(name: str, rows: tuple[TensorEncoding, ...], bench: Bench | None) -> str:
    encoded = "smaller than dense"
    if name == "dense":
        elsewhere = (row.reason for row in rows if row.reason.startswith(("G5", "G6")))
        encoded = next(elsewhere, "no weight is smaller encoded")
    return encoded if bench is None else f"{encoded}, passed every comparison"


def _report(
    written: tuple[str | Path, bytes, bytes], asked: _Asked, outcome: _Outcome, found: Rounding
) -> ExportReport:
    path, blob, dense = written
    rows = bounds(blob)
    return ExportReport(
        path=str(path),
        weights=asked.weights,
        sparse=asked.sparse,
        layout=outcome.layout,
        tensors=outcome.rows,
        file_bytes=len(blob),
        gzip_bytes=gzip_size(blob),
        dense_file_bytes=len(dense),
        csr_bound_bytes=sum(min(row.dense_bytes, row.csr_bytes) for row in rows),
        bitmask_bound_bytes=sum(min(row.dense_bytes, row.bitmask_bytes) for row in rows),
        tried=outcome.tried,
        verification=outcome.checks,
        num_samples=asked.num_samples,
        inputs=asked.inputs,
        runtime=_litert.runtime_version(),
        notes=_notes(asked, outcome),
        zeros_before=found.zeros_before,
        zeros_after=found.zeros_after,
    )


def _notes(asked: _Asked, outcome: _Outcome) -> tuple[str, ...]:
    notes = [] if asked.num_samples else [NOTE_UNVERIFIED]
    if any(row.reader == "densify" for row in outcome.rows):
        notes.append(NOTE_DENSIFY)
    return (*notes, *asked.notes)


def _notes_on(weights: str, quantizer: str) -> tuple[str, ...]:
    if weights not in ("dynamic", "int8"):
        return ()
    return (
        (NOTE_INT8, f"rounded by {ai_edge_version()}") if quantizer == "ai-edge" else (NOTE_INT8,)
    )
