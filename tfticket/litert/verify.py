"""Does a finished file compute what it should? Asked of the runtime, never of the encoder.

Every file runs in a process of its own, with the runtime's default delegates (XNNPACK) and
without, one example at a time and several, because sparse weights take another path each time.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfticket.errors import ExportError
from tfticket.litert._litert import require_runtime
from tfticket.litert.comparison import (
    DENSIFY_TOLERANCE,
    DIRECT_TOLERANCE,
    KERAS_TOLERANCE,
    Check,
    Outputs,
    Run,
    Tolerance,
    Verification,
    compare,
)
from tfticket.litert.evidence import require_finite, require_telling
from tfticket.litert.subprocess_runner import run_in_subprocess
from tfticket.litert.worker import load_arrays, save_arrays

__all__ = ["Baseline", "Examples", "run", "verify"]

BATCH_SIZES = (1, 3)
WORKER = "tfticket.litert.worker"
TIMEOUT_SECONDS = 600.0


@dataclass(frozen=True)
class Examples:
    """Inputs of a network, and what Keras makes of them.

    Args:
        inputs: by name, `[examples, ...]`.
        outputs: by name, `[examples, ...]`.
    """

    inputs: Outputs
    outputs: Outputs


@dataclass(frozen=True)
class Baseline:
    """What candidate files are compared with: runs of their dense twin, and Keras.

    Args:
        examples: for every run.
        runs: of the dense file, one per setting.
        checks: the dense file against Keras; all passed.
        batch_sizes: examples per call.
        tolerance: how far from Keras a file may be.
    """

    examples: Examples
    runs: tuple[Run, ...]
    checks: tuple[Check, ...]
    batch_sizes: Sequence[int]
    tolerance: Tolerance

    @classmethod
    def of(
        cls,
        dense: bytes,
        examples: Examples,
        *,
        tolerance: Tolerance,
        fixed_batch_size: int | None = None,
    ) -> Baseline:
        """Runs the dense twin.

        Args:
            dense: its bytes.
            examples: to run it on.
            tolerance: how far from Keras a file may be.
            fixed_batch_size: the batch size the network insists on, if any.

        Raises:
            ExportError: if even the dense file does not compute what Keras does.
        """
        batch_sizes = BATCH_SIZES if fixed_batch_size is None else (fixed_batch_size,)
        with tempfile.TemporaryDirectory(prefix="tfticket_") as folder:
            path = Path(folder) / "dense_twin.tflite"
            path.write_bytes(dense)
            runs = run(path, examples.inputs, batch_sizes=batch_sizes)
        found = _against_keras(runs, examples, tolerance, "dense")
        if not found.passed:
            raise ExportError(
                "the dense TFLite file does not compute what the Keras model does, nothing was"
                f" written: {found.reason}"
            )
        return cls(examples, runs, found.checks, batch_sizes, tolerance)

    def check(self, path: Path, name: str, *, is_direct: bool) -> Verification:
        """Runs a candidate and compares it with the dense twin and with Keras.

        Args:
            path: of the candidate.
            name: of its layout, for the rows of the report.
            is_direct: whether a kernel walks sparse weights itself; what is only unpacked must
                be equal bit for bit.
        """
        runs = run(path, self.examples.inputs, batch_sizes=self.batch_sizes)
        near = compare(
            runs,
            [one.outputs for one in self.runs],
            tolerance=DIRECT_TOLERANCE if is_direct else DENSIFY_TOLERANCE,
            file=name,
            reference="dense twin",
        )
        near_keras = _against_keras(runs, self.examples, self.tolerance, name)
        return Verification(near.checks + near_keras.checks)


def run(
    path: str | Path,
    inputs: Outputs,
    *,
    batch_sizes: Sequence[int] = BATCH_SIZES,
    timeout_seconds: float = TIMEOUT_SECONDS,
    num_threads: int = 1,
    delegates: Sequence[bool] = (True, False),
) -> tuple[Run, ...]:
    """Runs a file with and without delegates at several batch sizes, safe from crashes.

    Args:
        path: of the TFLite file.
        inputs: by the names of its signature, `[examples, ...]`.
        batch_sizes: examples per call.
        timeout_seconds: of each of the two processes.
        num_threads: of the interpreter.
        delegates: whether with the runtime's default delegates, each in turn.

    Returns:
        One `Run` per setting; a crash, a timeout or an exception is an error in its `Run`.

    Raises:
        MissingDependencyError: without `ai-edge-litert`.
    """
    require_runtime()
    found: list[Run] = []
    for has_delegates in delegates:
        with tempfile.TemporaryDirectory(prefix="tfticket_") as folder:
            request = _write_request(Path(folder), path, inputs, batch_sizes)
            request |= {"has_delegates": has_delegates, "num_threads": num_threads}
            error = run_in_subprocess(WORKER, Path(folder), request, timeout_seconds)
            found += [_read(Path(folder), has_delegates, size, error) for size in batch_sizes]
    return tuple(found)


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
    return compare(runs, [reference] * len(runs), tolerance=Tolerance(tolerance))


def _write_request(
    folder: Path, path: str | Path, inputs: Outputs, batch_sizes: Sequence[int]
) -> dict[str, Any]:
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


def _against_keras(
    runs: Sequence[Run], examples: Examples, tolerance: Tolerance, name: str
) -> Verification:
    expected = [examples.outputs] * len(runs)
    return compare(runs, expected, tolerance=tolerance, file=name, reference="keras")
