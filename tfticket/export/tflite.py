"""A Keras model as a TFLite file that was run and compared before it was handed over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfticket import files
from tfticket.export.ai_edge import ai_edge_tflite
from tfticket.export.checks import is_quantize_aware
from tfticket.export.choices import ENCODINGS, Quantized, Request
from tfticket.export.convert import quantized_tflite
from tfticket.export.layouts import Outcome, first_sound, require_room
from tfticket.export.notes import larger, notes, order
from tfticket.export.original import SEED, Original
from tfticket.export.report import ExportReport
from tfticket.export.signature import Signature
from tfticket.export.source import NUM_SAMPLES, Source
from tfticket.litert._litert import runtime_version
from tfticket.litert.evidence import require_telling
from tfticket.litert.verify import Baseline, Examples
from tfticket.tflite.encoder import Encoding
from tfticket.tflite.file import File
from tfticket.tflite.rounding import Rounding, rounding
from tfticket.tflite.sizes import bounds, gzip_size
from tfticket.tflite.weight_types import WeightType

__all__ = ["tflite", "tflite_of"]


@dataclass(frozen=True)
class _Converted:
    """The dense file, and what its conversion did to the weights."""

    dense: File
    found: Rounding
    notes: tuple[str, ...]


def tflite(
    model: Any,
    path: str | Path,
    *,
    weights: WeightType | Quantized = "float32",
    sparse: Encoding = "auto",
    representative_data: Any = None,
    inputs: Any = None,
    num_samples: int = NUM_SAMPLES,
    verify: bool | float = True,
    overwrite: bool = False,
) -> ExportReport:
    """Converts a model to TFLite, encodes its zeros, runs the file and only then hands it over.

    Each weight is encoded where that makes it smaller. The file runs in processes of its own, with
    and without delegates, one example at a time and three, against its dense twin and Keras; if
    it fails, the next safer layout is tried. Weights of a smaller type must be the nearest.

    `num_samples`, `overwrite` and what is raised are as in every writer: see `tfticket.export`. The
    format has no room for a mark: any TFLite file counts as written by tfticket.

    Args:
        model: of either Keras, built, not wrapped but, for `"int8"`, by `quantize_aware`.
        path: of the file; it appears whole or not at all.
        weights: `"float32"`, `"float16"`, or, always dense, `"dynamic"` (int8 weights) or `"int8"`;
            `Quantized("int8", "ai-edge")` has integers rounded by ai-edge-quantizer.
        sparse: `"storage"` for the smallest file, `"compute"` for kernels that skip zeros,
            `"none"`, or `"auto"`, which is storage. Where phones would be wrong, it stays dense.
        representative_data: typical inputs, `[examples, ...]`: ranges of an `"int8"` file.
        inputs: examples to compare on, finite and not all alike; if not given,
            `representative_data`, or drawn with a fixed seed. Subclassed models need them.
        verify: whether to run the file; as a number, the largest difference from Keras that
            passes, a fraction of the output range. `True` allows 1e-4 for float32, 0.01 for
            float16, 0.1 for dynamic and 0.25 for int8: ask for what your model needs.

    Returns:
        An `ExportReport`.

    Raises:
        ValueError: besides, for an unknown choice, or inputs that tell nothing.
        ExportError: if conversion fails, Keras gives NaN, or no layout passes.
        MissingDependencyError: without `ai-edge-litert`, or the quantizer asked for.
    """
    asked = Request(Quantized.of(weights), sparse, representative_data, inputs, verify)
    source = Source(model, asked.examples, num_samples)
    return tflite_of(source, path, asked, overwrite=overwrite)


def tflite_of(
    source: Source, path: str | Path, asked: Request, *, overwrite: bool = False
) -> ExportReport:
    """Writes one of the files of a model, as `tflite` does.

    What all its files have in common is done for the first one alone.

    Args:
        source: the model, and what its files are compared on: the request's own examples.
        path: of the file.
        asked: what kind of file.
        overwrite: whether to replace a file that is there.

    Returns:
        An `ExportReport`.

    Raises:
        ValueError, ExportError, MissingDependencyError: as for `tflite`.
    """
    asked.require_possible(source.model)
    require_room(path, overwrite=overwrite)
    calibration = _calibration(source.given, asked.representative_data)
    original = source.original if asked.tolerance else None
    converted = _converted(source, asked.weights, calibration)
    outcome = _written(path, converted.dense, asked, original)
    return _report(path, asked, original, converted, outcome)


def _converted(
    source: Source, weights: Quantized, calibration: Mapping[str, np.ndarray] | None
) -> _Converted:
    exact, given = source.exact, source.given
    if weights.type == "float32":
        return _Converted(exact, rounding(exact, exact), order(exact, given))
    options: dict[str, Any] = {"weights": weights.type, "calibration": calibration}
    if weights.quantizer == "ai-edge":
        dense = ai_edge_tflite(given, exact, **options)
    else:
        dense = quantized_tflite(source.model, given, exact, **options, module=source.module)
    found = rounding(exact, dense, is_nearest=not is_quantize_aware(source.model))
    said = (*larger(dense, exact, weights.type), *order(dense, given))
    return _Converted(dense, found, said)


def _calibration(given: Signature, representative_data: Any) -> dict[str, np.ndarray] | None:
    if representative_data is None:
        return None
    taken = given.take(representative_data, None)
    require_telling(taken, "representative_data")
    return taken


def _written(path: str | Path, dense: File, asked: Request, original: Original | None) -> Outcome:
    with files.new_file(path) as draft:
        baseline = None
        if original and asked.tolerance:
            baseline = Baseline.of(
                dense.blob,
                Examples(original.samples, original.outputs),
                tolerance=asked.tolerance,
                fixed_batch_size=original.given.fixed_batch_size,
            )
        return first_sound(dense, ENCODINGS[asked.sparse], draft, baseline)


def _report(
    path: str | Path,
    asked: Request,
    original: Original | None,
    converted: _Converted,
    outcome: Outcome,
) -> ExportReport:
    rows, blob = bounds(outcome.file), outcome.file.blob
    return ExportReport(
        path=str(path),
        weights=asked.weights.type,
        sparse=asked.sparse,
        layout=outcome.layout,
        tensors=outcome.rows,
        file_bytes=len(blob),
        gzip_bytes=gzip_size(blob),
        dense_file_bytes=len(converted.dense.blob),
        csr_bound_bytes=sum(min(row.dense_bytes, row.csr_bytes) for row in rows),
        bitmask_bound_bytes=sum(min(row.dense_bytes, row.bitmask_bytes) for row in rows),
        tried=outcome.tried,
        verification=outcome.checks,
        num_samples=original.num_samples if original else 0,
        inputs=f"random, seed {SEED}" if asked.examples is None else "given",
        runtime=runtime_version(),
        notes=(*notes(asked.weights, outcome.rows, original), *converted.notes),
        zeros_before=converted.found.zeros_before,
        zeros_after=converted.found.zeros_after,
    )
