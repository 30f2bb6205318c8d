"""Whole searches, each in a process of its own: the processor's time of it, by its user part."""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.against_open_lth import their_search

__all__ = ["BATCH", "NUM_STEPS", "Searches", "environment", "per_level"]

ROOT = Path(__file__).resolve().parents[2]
RUN = Path(__file__).with_name("run.py")
BATCH = 128
#: Two epochs of 60 000 examples, as open_lth trains; 55 000 are trained on here.
NUM_STEPS = 938


def environment(scratch: Path) -> dict[str, str]:
    """Returns the variables of a process on one thread that keeps the bytecode of what it imports.

    Args:
        scratch: the home of the process, and where the bytecode is kept.
    """
    others = {n: v for n, v in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"}
    data = os.environ.get("TFDS_DATA_DIR") or str(Path.home() / "tensorflow_datasets")
    return {
        **others,
        "TFDS_DATA_DIR": data,
        "HOME": str(scratch),
        "OMP_NUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": str(ROOT),
        "PYTHONPYCACHEPREFIX": str(scratch / "bytecode"),
    }


class Searches:
    """Searches of both sides, in a scratch folder.

    Args:
        repository: a clone of open_lth.
        scratch: holds data, runs and the bytecode of libraries, as an installation has it.
    """

    def __init__(self, repository: str, scratch: Path):
        self._repository, self._scratch = repository, scratch
        self._environment = environment(scratch)

    def arms(self, short: int, long: int) -> dict[str, Callable[[], float]]:
        """Returns what is timed in turn: searches of few prunings and of more, and imports.

        Args:
            short: prunings of the shorter search.
            long: prunings of the longer one.
        """
        return {
            "import tensorflow": lambda: self._seconds("-c", "import tensorflow"),
            "import torch, torchvision": lambda: self._seconds("-c", "import torch, torchvision"),
            f"tfticket, {short}": lambda: self.ours(short),
            f"open_lth, {short}": lambda: self.theirs(short),
            f"tfticket, {long}": lambda: self.ours(long),
            f"open_lth, {long}": lambda: self.theirs(long),
            f"tfticket with files, {short}": lambda: self.ours(short, "keras,savedmodel,tflite"),
        }

    def ours(self, rounds: int, export: str = "none") -> float:
        """Runs `tfticket find lottery_ticket`; returns its seconds.

        Args:
            rounds: prunings; one network more is trained.
            export: files to write at the end.
        """
        out = self._scratch / "tfticket"
        shutil.rmtree(out, ignore_errors=True)
        options = {
            "model": "lenet_300_100",
            "data": "mnist",
            "batch-size": BATCH,
            "num-steps": NUM_STEPS,
            "rounds": rounds,
            "controls": "none",
            "export": export,
            "out": out,
        }
        typed = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        return self._seconds("-m", "tfticket", "find", "lottery_ticket", *typed)

    def theirs(self, levels: int) -> float:
        """Runs open_lth's `lottery`; returns its seconds.

        Args:
            levels: prunings; one network more is trained.
        """
        shutil.rmtree(self._scratch / "open_lth_data", ignore_errors=True)
        typed = their_search.arguments(levels, BATCH)
        return self._seconds(str(RUN), "--theirs", self._repository, *typed)

    def _seconds(self, *typed: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        done = subprocess.run(
            [sys.executable, *typed],
            env=self._environment,
            cwd=self._scratch,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"{typed} ended with {done.returncode}: {done.stderr[-2000:]}")
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def per_level(
    times: Mapping[str, Sequence[float]], short: int, long: int
) -> dict[str, dict[str, Any]]:
    """Takes apart what every further level costs, and what comes before the first.

    Args:
        times: seconds by arm, turn by turn.
        short: prunings of the shorter search; it trains one network more.
        long: prunings of the longer one.

    Returns:
        By side, of the medians over turns: seconds per further level, and of what is left without
        levels and without the library's import; and the seconds per further level of every turn.
    """
    libraries = {"tfticket": "import tensorflow", "open_lth": "import torch, torchvision"}
    found: dict[str, dict[str, Any]] = {}
    for side, library in libraries.items():
        few, many = times[f"{side}, {short}"], times[f"{side}, {long}"]
        level = (statistics.median(many) - statistics.median(few)) / (long - short)
        start = statistics.median(few) - (short + 1) * level - statistics.median(times[library])
        turns = [(b - a) / (long - short) for a, b in zip(few, many, strict=True)]
        found[side] = {
            "per further level": round(level, 2),
            "start beyond the import": round(start, 2),
            "per further level, by turn": [round(seconds, 2) for seconds in turns],
        }
    return found
