"""Running a TFLite file on the runtime of microcontrollers, on this machine."""

from __future__ import annotations

import importlib
import importlib.metadata
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfticket import optional
from tfticket.errors import ExportError
from tfticket.litert.subprocess_runner import run_in_subprocess
from tfticket.litert.worker import load_arrays, save_arrays

__all__ = ["MicroRun", "has_micro_runtime", "micro_runtime_version", "run_on_micro"]

_WORKER = "tfticket.litert.micro_worker"
_TIMEOUT_SECONDS = 600.0
#: Of RAM that is offered; microcontrollers have less, and what is taken is measured.
_ARENA_BYTES = 64_000_000


@dataclass(frozen=True)
class MicroRun:
    """What a file computed on the runtime of microcontrollers.

    Args:
        outputs: in the order of the file, `[examples, ...]`.
        arena_bytes: of RAM that were taken, in this machine's build of the runtime.
    """

    outputs: tuple[np.ndarray, ...]
    arena_bytes: int


def has_micro_runtime() -> bool:
    """Tells whether `tflite_micro` is installed and loads: some of its wheels do not."""
    try:
        importlib.import_module("tflite_micro")
    except ImportError:
        return False
    return True


def micro_runtime_version() -> str:
    """Names the runtime and its version."""
    return f"tflite-micro {importlib.metadata.version('tflite-micro')}"


def run_on_micro(
    path: str | Path,
    inputs: Mapping[str, np.ndarray],
    num_outputs: int,
    *,
    timeout_seconds: float = _TIMEOUT_SECONDS,
) -> MicroRun:
    """Runs a file one example at a time, safe from crashes.

    Args:
        path: of the TFLite file.
        inputs: `[examples, ...]`, in the order in which the file takes them.
        num_outputs: how many it has.
        timeout_seconds: after which it is given up.

    Raises:
        ExportError: if the runtime refuses the file, or dies of it.
        MissingDependencyError: without `tflite-micro`.
    """
    optional.require("tflite_micro", "tflite-micro", "micro", "to run files as a microcontroller")
    with tempfile.TemporaryDirectory(prefix="tfticket_") as name:
        folder = Path(name)
        save_arrays(folder / "inputs.npz", inputs)
        request = {
            "model": str(Path(path).resolve()),
            "inputs": str(folder / "inputs.npz"),
            "outputs": name,
            "num_outputs": num_outputs,
            "arena_bytes": _ARENA_BYTES,
        }
        error = run_in_subprocess(_WORKER, folder, request, timeout_seconds)
        if error:
            raise ExportError(f"{path} does not run on a microcontroller: {error}")
        outputs = load_arrays(folder / "outputs.npz")
        arena = int((folder / "arena.txt").read_text())
    return MicroRun(tuple(outputs[str(n)] for n in range(num_outputs)), arena)
