"""How long TFLite files take, against the first of them, with the kernels that ran."""

from __future__ import annotations

import json
import platform
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfticket import optional
from tfticket.errors import ExportError
from tfticket.files import Plain
from tfticket.litert._litert import require_runtime, runtime_version
from tfticket.litert.comparison import largest_difference
from tfticket.litert.drawn import InputShapes
from tfticket.litert.subprocess_runner import CURRENT, run_in_subprocess
from tfticket.litert.worker import load_arrays

__all__ = ["Conditions", "FileLatency", "Latency", "cpu", "latency"]

TIMEOUT_SECONDS = 600.0
STOPWATCH = "tfticket.litert.stopwatch"
# What decides between kernels.
CPU_FEATURES = ("sse4_1", "avx", "avx2", "avx512f", "avx512_vnni", "asimd", "asimdhp", "asimddp")


@dataclass(frozen=True)
class FileLatency:
    """How long one file takes.

    Args:
        path: of the file.
        file_bytes: its size.
        p10_ms: milliseconds per call in the fastest tenth of the rounds.
        p50_ms: the median.
        p90_ms: the slowest tenth.
        speed_p10: speed against the first file, round by round, above 1 is faster: the lowest
            tenth.
        speed_p50: the median.
        speed_p90: the highest tenth.
        load_ms: milliseconds to load the file and make room for its tensors, once.
        delegated: operators that the delegate (XNNPACK) took, by name.
        builtin: operators that the runtime's own kernels ran, sparse Dense layers for instance.
        memory_bytes: RAM that loading it and its first calls took. Small networks fit
            into what the process had already.
        max_abs_diff: largest difference of its outputs from the first file's, on one random batch;
            `None` if the two have outputs of other shapes.
    """

    path: str
    file_bytes: int
    p10_ms: float
    p50_ms: float
    p90_ms: float
    speed_p10: float
    speed_p50: float
    speed_p90: float
    load_ms: float
    delegated: dict[str, int]
    builtin: dict[str, int]
    memory_bytes: int = 0
    max_abs_diff: float | None = None


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What times were measured under.

    Args:
        batch_size: examples per call.
        num_threads: of the interpreter.
        num_rounds: timings of each file, taken in turn.
        runtime: what ran them.
        cpu: the machine and the features that kernels are chosen by.
    """

    batch_size: int
    num_threads: int
    num_rounds: int
    runtime: str
    cpu: str

    @property
    def in_short(self) -> str:
        """Batch, threads, rounds and runtime."""
        threads, rounds = (
            f"{number} {what}{'' if number == 1 else 's'}"
            for number, what in ((self.num_threads, "thread"), (self.num_rounds, "round"))
        )
        return f"batch {self.batch_size}, {threads}, {rounds} in turn, {self.runtime}"

    @property
    def conditions(self) -> str:
        """Says it in a line."""
        return f"{self.in_short}, {self.cpu}; speeds against the first file, round by round"


@dataclass(frozen=True)
class Latency(Conditions, Plain):
    """How long files take, one against the other, and the `Conditions`.

    Args:
        files: a row per file; speeds are against the first.
    """

    files: tuple[FileLatency, ...]

    def __str__(self) -> str:
        return "\n".join([self.conditions, *(_line(row) for row in self.files)])


def latency(
    paths: Sequence[str | Path],
    *,
    batch_size: int = 1,
    num_threads: int = 1,
    num_rounds: int = 50,
    input_shapes: InputShapes | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Latency:
    """Times files in turn, in a process of their own, with the runtime's default delegates.

    Args:
        paths: of TFLite files; the first is what the others are compared with.
        batch_size: examples per call, where a file leaves that open.
        num_threads: of the interpreter.
        num_rounds: timings of each file, at least 1; each is the mean over a few milliseconds.
        input_shapes: of inputs that a file leaves more open than that, by name of the input; under
            the name "" for files of one input.
        timeout_seconds: after which the process is given up.

    Returns:
        A `Latency`.

    Raises:
        ValueError: without a file, or for numbers below 1.
        FileNotFoundError: if a file does not exist.
        ExportError: if a file kills the runtime or does not run, with its name.
        MissingDependencyError: without `ai-edge-litert`.
    """
    numbers = {"batch_size": batch_size, "num_threads": num_threads, "num_rounds": num_rounds}
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"`{name}` must be at least 1. Received: {name}={number}")
    files = [Path(path).resolve() for path in paths]
    if not files:
        raise ValueError("`paths` must name at least one file. Received: paths=[]")
    for file in files:
        if not file.exists():
            raise FileNotFoundError(f"`paths` must exist. Received: {str(file)!r}")
    require_runtime()
    optional.require("psutil", "psutil", "export", "to measure memory")
    with tempfile.TemporaryDirectory(prefix="tfticket_") as name:
        request = {"models": [str(file) for file in files], **numbers}
        request |= {"input_shapes": {n: list(shape) for n, shape in (input_shapes or {}).items()}}
        error = run_in_subprocess(STOPWATCH, Path(name), request, timeout_seconds)
        if error:
            raise ExportError(f"{_current(Path(name), paths)} could not be timed: {error}")
        answers = json.loads((Path(name) / "answer.json").read_text())
        outputs = [load_arrays(Path(name) / f"{i}.npz") for i in range(len(files))]
    first = np.array(answers[0]["seconds"])
    distances = [_distance(found, outputs[0]) for found in outputs]
    rows = [_row(path, a, first, d) for path, a, d in zip(paths, answers, distances, strict=True)]
    return Latency(tuple(rows), **numbers, runtime=runtime_version(), cpu=cpu())


def _current(folder: Path, paths: Sequence[str | Path]) -> str:
    """The file that was loaded last, as the caller calls it."""
    last = folder / CURRENT
    named = {str(Path(path).resolve()): str(path) for path in paths}
    return named.get(last.read_text(), "") if last.is_file() else "the files"


def _distance(found: dict[str, np.ndarray], first: dict[str, np.ndarray]) -> float | None:
    shapes = [{name: array.shape for name, array in one.items()} for one in (found, first)]
    if shapes[0] != shapes[1]:
        return None
    return largest_difference(found, first).absolute if first else 0.0


def _row(
    path: str | Path, answer: dict[str, Any], first: np.ndarray, max_abs_diff: float | None
) -> FileLatency:
    seconds = np.array(answer["seconds"])
    times = np.percentile(seconds * 1000, [10, 50, 90])
    speeds = np.percentile(first / seconds, [10, 50, 90])
    return FileLatency(
        str(path),
        Path(path).stat().st_size,
        *(float(t) for t in times),
        *(float(s) for s in speeds),
        load_ms=answer["load_seconds"] * 1000,
        delegated=answer["delegated"],
        builtin=answer["builtin"],
        memory_bytes=answer["memory_bytes"],
        max_abs_diff=max_abs_diff,
    )


def _line(row: FileLatency) -> str:
    ran = [f"{n} x{count}" for n, count in row.builtin.items()]
    taken = [f"{n} x{count}" for n, count in row.delegated.items()]
    return (
        f"  {row.path}: {row.p50_ms:.4f} ms [{row.p10_ms:.4f}, {row.p90_ms:.4f}], speed"
        f" {row.speed_p50:.2f} [{row.speed_p10:.2f}, {row.speed_p90:.2f}], {row.file_bytes:,}"
        f" bytes, load {row.load_ms:.1f} ms; own kernels: {', '.join(ran) or 'none'}; XNNPACK:"
        f" {', '.join(taken) or 'none'}"
    )


def cpu() -> str:
    """Says which processor this is, and those of its features that kernels are chosen by."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.machine()
    listed = next((x for x in text.splitlines() if x.startswith(("flags", "Features"))), "")
    known = [name for name in CPU_FEATURES if name in listed.split()]
    return " ".join([platform.machine(), *known])
