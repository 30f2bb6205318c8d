"""A Keras model as a TFLite file that was run and compared before it was handed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfticket import files
from tfticket.errors import CorruptFileError, ExportError
from tfticket.export.ai_edge import ai_edge_tflite
from tfticket.export.checks import is_quantize_aware
from tfticket.export.choices import ENCODINGS, Quantized, Request
from tfticket.export.convert import WeightType, dense_tflite, quantized_tflite
from tfticket.export.notes import larger, notes, order
from tfticket.export.original import SEED, Original
from tfticket.export.report import Attempt, ExportReport
from tfticket.export.signature import Signature, signature
from tfticket.litert._litert import runtime_version
from tfticket.litert.comparison import Check
from tfticket.litert.evidence import require_telling
from tfticket.litert.verify import Baseline, Examples
from tfticket.tflite.encoder import Encoded, Encoding, differing_weight, encode_file
from tfticket.tflite.file import File
from tfticket.tflite.flatbuffer import IDENTIFIER
from tfticket.tflite.rounding import Rounding, rounding
from tfticket.tflite.sizes import bounds, gzip_size
from tfticket.tflite.tensor_encoding import TensorEncoding

__all__ = ["tflite"]


@dataclass(frozen=True)
class _Converted:
    """The dense file, and what its conversion did to the weights."""

    dense: File
    found: Rounding
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Outcome:
    """The file that passed, and everything that was tried."""

    file: File
    layout: str
    rows: tuple[TensorEncoding, ...]
    tried: tuple[Attempt, ...]
    checks: tuple[Check, ...]


def tflite(
    model: Any,
    path: str | Path,
    *,
    weights: WeightType | Quantized = "float32",
    sparse: Encoding = "auto",
    representative_data: Any = None,
    inputs: Any = None,
    num_samples: int = 256,
    verify: bool | float = True,
    overwrite: bool = False,
) -> ExportReport:
    """Converts a model to TFLite, encodes its zeros, runs the file and only then hands it over.

    Each weight is encoded where that makes it smaller. The file runs in processes of its own, with
    and without delegates, one example at a time and three, against its dense twin and Keras; if
    it fails, the next safer layout is tried. Weights of a smaller type must be the nearest.

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
        num_samples: examples to compare on, at least 1.
        verify: whether to run the file; as a number, the largest difference from Keras that
            passes, a fraction of the output range. `True` allows 1e-4 for float32, 0.01 for
            float16, 0.1 for dynamic and 0.25 for int8: ask for what your model needs.
        overwrite: whether to replace what tfticket did not write. The format has no room for a
            mark: any TFLite file counts as written by it.

    Returns:
        An `ExportReport`.

    Raises:
        FileExistsError: if something not ours is at `path` and `overwrite` is not set.
        IsADirectoryError: if a folder is at `path`: none is deleted for a file.
        TypeError: for a ticket, which has no layers.
        ValueError: for an unknown choice, an unbuilt model, or inputs unfit or telling nothing.
        ExportError: if conversion fails, Keras gives NaN, or no layout passes; `path` untouched.
        MissingDependencyError: without `ai-edge-litert`, or the quantizer asked for.
    """
    kind = Quantized.of(weights)
    asked = Request(kind, sparse, representative_data, inputs, num_samples, verify)
    asked.require_possible(model)
    files.require_free(path, is_ours=_is_ours(Path(path)), overwrite=overwrite, is_file=True)
    given = signature(model, asked.examples)
    calibration = _calibration(given, representative_data)
    original = _original(model, given, asked) if asked.tolerance else None
    converted = _converted(model, given, kind, calibration)
    outcome = _written(path, converted.dense, asked, original)
    return _report(path, asked, original, converted, outcome)


def _is_ours(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(8)[4:] == IDENTIFIER


def _converted(
    model: Any,
    given: Signature,
    weights: Quantized,
    calibration: Mapping[str, np.ndarray] | None,
) -> _Converted:
    exact = dense_tflite(model, given)
    if weights.type == "float32":
        return _Converted(exact, rounding(exact, exact), order(exact, given))
    options: dict[str, Any] = {"weights": weights.type, "calibration": calibration}
    if weights.quantizer == "ai-edge":
        dense = ai_edge_tflite(given, exact, **options)
    else:
        dense = quantized_tflite(model, given, exact, **options)
    found = rounding(exact, dense, is_nearest=not is_quantize_aware(model))
    said = (*larger(dense, exact, weights.type), *order(dense, given))
    return _Converted(dense, found, said)


def _calibration(given: Signature, representative_data: Any) -> dict[str, np.ndarray] | None:
    if representative_data is None:
        return None
    taken = given.take(representative_data, None)
    require_telling(taken, "representative_data")
    return taken


def _original(model: Any, given: Signature, asked: Request) -> Original:
    """Takes or draws inputs and asks Keras; both must be fit to show a difference."""
    original = Original.of(model, asked.examples, asked.num_samples, given=given)
    _ = original.outputs  # what cannot be compared with is refused before anything is converted
    return original


def _written(path: str | Path, dense: File, asked: Request, original: Original | None) -> _Outcome:
    with files.new_file(path) as draft:
        baseline = None
        if original and asked.tolerance:
            baseline = Baseline.of(
                dense.blob,
                Examples(original.samples, original.outputs),
                tolerance=asked.tolerance,
                fixed_batch_size=original.given.fixed_batch_size,
            )
        return _first_sound(dense, ENCODINGS[asked.sparse], draft, baseline)


def _first_sound(
    dense: File, encodings: Sequence[Encoding], draft: Path, baseline: Baseline | None
) -> _Outcome:
    """Leaves the first layout that passes in `draft`; raises if none does."""
    tried: list[Attempt] = []
    checks = [] if baseline is None else list(baseline.checks)
    for encoding in encodings:
        encoded = encode_file(dense, encoding)
        name = _layout_name(dense, encoded)
        draft.write_bytes(encoded.blob)
        file, failure = _read_back(dense, encoded)
        if not failure and baseline is not None and file is not dense:
            is_direct = any(row.reader == "direct" for row in encoded.rows)
            verification = baseline.check(draft, name, is_direct=is_direct)
            checks += verification.checks
            failure = verification.reason
        tried.append(Attempt(name, not failure, failure or _reason(name, encoded, baseline)))
        if not failure:
            return _Outcome(file, name, encoded.rows, tuple(tried), tuple(checks))
    listed = "; ".join(f"{a.layout}: {a.reason}" for a in tried)
    raise ExportError(f"no layout passed verification, nothing was written. Tried {listed}")


def _layout_name(dense: File, encoded: Encoded) -> str:
    readers = {row.reader for row in encoded.rows} - {""}
    if encoded.blob is dense.blob or not readers:
        return "dense"
    return "compute" if "direct" in readers else "storage"


def _read_back(dense: File, encoded: Encoded) -> tuple[File, str]:
    """Parses what was encoded, and says what is wrong with it; nothing if it is the dense file."""
    if encoded.blob is dense.blob:
        return dense, ""
    if len(encoded.blob) >= len(dense.blob):
        counts = f"{len(encoded.blob)} bytes are not fewer than the dense file's {len(dense.blob)}"
        return dense, f"its {counts}"
    try:
        file = File(encoded.blob)
        return file, differing_weight(dense, file)
    except CorruptFileError as error:
        return dense, str(error)


def _reason(name: str, encoded: Encoded, baseline: Baseline | None) -> str:
    said = "smaller than dense"
    if name == "dense":
        elsewhere = (row.reason for row in encoded.rows if row.reason.startswith(("G5", "G6")))
        code = next(elsewhere, "").partition(":")[0]
        said = f"phones would be wrong ({code})" if code else "no weight is smaller encoded"
    return said if baseline is None else f"{said}, passed every comparison"


def _report(
    path: str | Path,
    asked: Request,
    original: Original | None,
    converted: _Converted,
    outcome: _Outcome,
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
