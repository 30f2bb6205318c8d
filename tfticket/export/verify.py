"""Does a finished file compute what it should? Asked of the runtime, never of the encoder.

Every file runs in a process of its own, with the runtime's default delegates (XNNPACK) and
without, one example at a time and several, because sparse weights take another path each time.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfticket.export import _litert
from tfticket.export.apart import run_apart
from tfticket.export.evidence import require_finite, require_telling
from tfticket.export.report import Check, Verification
from tfticket.export.runner import load_arrays, save_arrays

# Largest differences that pass, as fractions of the range of the reference output, 0 included.
DENSIFY_TOLERANCE = 0.0  # bit-equal to the dense twin
DIRECT_TOLERANCE = 1e-6  # other kernels add the products in another order
KERAS_TOLERANCE = 1e-4  # the converter folds normalisation and fuses layers, in float32
# Against Keras, by the type of the weights: the largest difference and the root mean square.
TOLERANCES = {
    "float32": (KERAS_TOLERANCE, float("inf")),
    "float16": (1e-2, 2e-3),  # 11 bits of every weight
    "dynamic": (0.1, 0.02),  # 8 bits of weights, and of activations call by call
    "int8": (0.25, 0.05),  # 8 bits of weights and activations, ranges from examples
}
BATCH_SIZES = (1, 3)
RUNNER = "tfticket.export.runner"
TIMEOUT_SECONDS = 600.0

Outputs = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Run:
    """What one file computed under one setting.

    Args:
        has_delegates: whether the default delegates were on.
        batch_size: examples per call.
        outputs: by name, `[examples, ...]`; empty if it did not run.
        error: what went wrong, empty if it ran.
    """

    has_delegates: bool
    batch_size: int
    outputs: Outputs
    error: str = ""


def run(
    path: str | Path,
    inputs: Outputs,
    *,
    batch_sizes: Sequence[int] = BATCH_SIZES,
    timeout_seconds: float = TIMEOUT_SECONDS,
    num_threads: int = 1,
) -> tuple[Run, ...]:
    """Runs a file with and without delegates at several batch sizes, safe from crashes.

    Args:
        path: of the TFLite file.
        inputs: by the names of its signature, `[examples, ...]`.
        batch_sizes: examples per call.
        timeout_seconds: of each of the two processes.
        num_threads: of the interpreter.

    Returns:
        One `Run` per setting; a crash, a timeout or an exception is an error in its `Run`.

    Raises:
        MissingDependencyError: without `ai-edge-litert`.
    """
    _litert.require_runtime()
    found: list[Run] = []
    for has_delegates in (True, False):
        with tempfile.TemporaryDirectory(prefix="tfticket_") as folder:
            request = _write_request(Path(folder), path, inputs, batch_sizes)
            request |= {"has_delegates": has_delegates, "num_threads": num_threads}
            error = run_apart(RUNNER, Path(folder), request, timeout_seconds)
            found += [_read(Path(folder), has_delegates, size, error) for size in batch_sizes]
    return tuple(found)


def compare(
    runs: Sequence[Run],
    references: Sequence[Outputs],
    *,
    tolerance: float,
    rms_tolerance: float = float("inf"),
    file: str = "file",
    reference: str = "reference",
) -> Verification:
    """Compares the outputs of a file with references, one per run.

    Args:
        runs: of the file.
        references: outputs by name, in the order of `runs`.
        tolerance: largest difference that passes, as a fraction of the output range.
        rms_tolerance: largest root mean square that passes, as a fraction of the same.
        file: what the rows call the file.
        reference: what the rows call the references.

    Returns:
        A `Verification` with one `Check` per run.
    """
    checks = []
    for one, expected in zip(runs, references, strict=True):
        error = one.error or _mismatch(one.outputs, expected)
        largest = relative = rms = float("inf")
        if not error:
            pairs = [(one.outputs[name], expected[name]) for name in expected]
            largest, relative = map(max, zip(*(difference(*pair) for pair in pairs), strict=True))
            rms = max(rms_difference(*pair) for pair in pairs)
        found = (largest, relative, tolerance, error, rms, rms_tolerance)
        checks.append(Check(file, reference, one.has_delegates, one.batch_size, *found))
    return Verification(tuple(checks))


def verify(
    path: str | Path,
    inputs: Outputs,
    reference: Outputs,
    *,
    tolerance: float = KERAS_TOLERANCE,
    batch_sizes: Sequence[int] = BATCH_SIZES,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Verification:
    """Runs a file under every setting and compares it with outputs from elsewhere.

    Args:
        path: of the TFLite file.
        inputs: by the names of its signature, `[examples, ...]`.
        reference: the outputs expected, by name, `[examples, ...]`.
        tolerance: largest difference that passes, as a fraction of the output range.
        batch_sizes: examples per call.
        timeout_seconds: of each of the two processes.

    Returns:
        A `Verification`; a file that crashes the runtime fails, the caller lives on.

    Raises:
        ValueError: if `inputs` or `reference` hold NaN, or all examples are alike: that proves
            nothing.
    """
    require_telling(inputs, "inputs")
    require_finite(reference, "reference")
    runs = run(path, inputs, batch_sizes=batch_sizes, timeout_seconds=timeout_seconds)
    return compare(runs, [reference] * len(runs), tolerance=tolerance)


def limits(weights: str, tolerance: float | None = None) -> tuple[float, float]:
    """Returns the largest difference from Keras that passes, and the root mean square.

    Args:
        weights: the type of the weights of a file.
        tolerance: the largest difference that passes instead, as a fraction of the output range;
            the root mean square goes with it in proportion.

    Examples:
        >>> limits("int8")
        (0.25, 0.05)
        >>> limits("int8", 0.125)
        (0.125, 0.025)
    """
    largest, rms = TOLERANCES[weights]
    return (largest, rms) if tolerance is None else (tolerance, rms * tolerance / largest)


def difference(found: np.ndarray, expected: np.ndarray) -> tuple[float, float]:
    """Returns the largest difference, absolute and relative to the range of `expected`.

    The range includes 0: rounding errors grow with the values, however near these lie together.
    Values that are not finite must be the same on both sides; else the difference is infinite.

    Examples:
        >>> difference(np.array([0.0, 1.5]), np.array([0.0, 2.0]))
        (0.5, 0.25)
    """
    if found.shape != expected.shape:
        return float("inf"), float("inf")
    if np.array_equal(found, expected, equal_nan=found.dtype.kind == "f"):
        return 0.0, 0.0
    left, right = found.astype(np.float64), expected.astype(np.float64)
    same = (left == right) | (np.isnan(left) & np.isnan(right))
    if not (np.isfinite(left) & np.isfinite(right))[~same].all():
        return float("inf"), float("inf")
    worst = float(np.abs(left[~same] - right[~same]).max())
    finite = right[np.isfinite(right)]
    spread = float(finite.max(initial=0.0) - finite.min(initial=0.0))
    return worst, worst / spread if spread else float("inf")


def rms_difference(found: np.ndarray, expected: np.ndarray) -> float:
    """Returns the root mean square difference relative to the range of `expected`, 0 included.

    Examples:
        >>> rms_difference(np.array([0.0, 1.0, 2.0, 4.0]), np.array([0.0, 1.0, 2.0, 2.0]))
        0.5
    """
    largest, relative = difference(found, expected)
    if largest in (0.0, float("inf")) or relative == float("inf"):
        return relative
    left, right = found.astype(np.float64), expected.astype(np.float64)
    apart = np.subtract(left, right, out=np.zeros_like(right), where=np.isfinite(right))
    return float(np.sqrt(np.mean(apart**2)) * relative / largest)


def _write_request(folder: Path, path, inputs: Outputs, batch_sizes: Sequence[int]) -> dict:
    save_arrays(folder / "inputs.npz", inputs)
    return {
        "model": str(Path(path).resolve()),
        "inputs": str(folder / "inputs.npz"),
        "outputs": str(folder),
        "batch_sizes": [int(size) for size in batch_sizes],
    }


def _read(folder: Path, has_delegates: bool, batch_size: int, error: str) -> Run:
    written = folder / f"{batch_size}.npz"
    if not written.exists():
        return Run(has_delegates, batch_size, {}, error or "the runtime wrote no output")
    try:
        return Run(has_delegates, batch_size, load_arrays(written))
    except (ValueError, OSError, EOFError) as damage:
        return Run(has_delegates, batch_size, {}, error or f"unreadable output: {damage}")


def _mismatch(found: Outputs, expected: Outputs) -> str:
    if set(found) == set(expected):
        return ""
    return f"its outputs are {sorted(found)}, not {sorted(expected)}"
