"""Runs files on an emulated processor; a file that kills the process is an error of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

BATCH_SIZES = (1, 3)
# Runs every request that its arguments name, and goes on after one that fails.
PROGRAM = """
import pathlib, runpy, sys
main = runpy.run_path(sys.argv[1])["main"]
for path in sys.argv[2:]:
    try:
        main(path)
    except Exception as error:
        pathlib.Path(path).with_name("error.txt").write_text(f"{type(error).__name__}: {error}")
"""
VERSIONS = """
import numpy, platform
from importlib import metadata
print(platform.machine(), "ai-edge-litert", metadata.version("ai-edge-litert"))
"""


class Emulator:
    """A processor with Python, numpy and the runtime on it.

    Args:
        qemu: `qemu-x86_64-static` or `qemu-aarch64-static`.
        cpu: what to emulate: `"Nehalem"` has no AVX, `"cortex-a76"` is a phone's.
        python: the interpreter to run, for that processor.
        site: folder with numpy and the runtime.
        root: where an interpreter of another architecture finds its libraries.
    """

    def __init__(self, qemu: str, cpu: str, *, python: str, site: str, root: str = ""):
        self._command = [qemu, "-cpu", cpu, *(["-L", root] if root else []), python]
        self._environment = {"PYTHONPATH": site, "HOME": "/tmp", "PYTHONDONTWRITEBYTECODE": "1"}
        self._environment |= {"PYTHONHOME": "/usr"} if root else {}
        self.cpu = cpu

    def describe(self) -> str:
        """Names the processor and the version of the runtime on it."""
        done = self.run(VERSIONS)
        if done.returncode:
            raise RuntimeError(f"the emulator does not run: {done.stderr[-500:]}")
        return f"{self.cpu}, {done.stdout.strip()}"

    def outputs(self, requests: Sequence[Path]) -> list[dict[str, np.ndarray] | str]:
        """Runs requests as `tfticket.litert.worker` takes them.

        Returns:
            For each, outputs of all batch sizes by name, or what went wrong.
        """
        left = [path for path in requests if not _is_done(path)]
        while left:
            self._start(left)
            still = [path for path in left if not _is_done(path)]
            if still:  # alone, for an earlier one may have written where it should not
                done = self._start(still[:1])
                if not _is_done(still[0]):
                    said = (done.stderr.strip().splitlines() or [""])[-1]
                    still[0].with_name("error.txt").write_text(f"exit {done.returncode}: {said}")
            left = [path for path in left if not _is_done(path)]
        return [_read(path) for path in requests]

    def _start(self, requests: Sequence[Path]) -> subprocess.CompletedProcess:
        return self.run(PROGRAM, [_worker(), *map(str, requests)])

    def run(self, program: str, arguments: Sequence[str] = ()) -> subprocess.CompletedProcess:
        return subprocess.run(
            [*self._command, "-c", program, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=3600,
            check=False,
        )


def without_avx(qemu: str, site: str, python: str = "") -> Emulator:
    """This interpreter on an x86 processor without AVX."""
    own = os.path.realpath(python or sys.executable)
    return Emulator(qemu, "Nehalem", python=own, site=site)


def arm(qemu: str, site: str, root: str) -> Emulator:
    """A phone's processor; the README of `emulated_arm` says how to get its parts."""
    python = str(Path(root) / "usr" / "bin" / "python3.11")
    return Emulator(qemu, "cortex-a76", python=python, site=site, root=root)


def request(folder: Path, model: Path, inputs: Mapping[str, np.ndarray]) -> Path:
    """Writes what the worker is to do into a folder of its own."""
    from tfticket.litert.worker import save_arrays

    folder.mkdir(parents=True)
    save_arrays(folder / "inputs.npz", inputs)
    said = {"model": str(model), "inputs": str(folder / "inputs.npz"), "outputs": str(folder)}
    said |= {"batch_sizes": BATCH_SIZES, "has_delegates": True, "num_threads": 1}
    (folder / "request.json").write_text(json.dumps(said))
    return folder / "request.json"


def _worker() -> str:
    from tfticket.litert import worker

    return str(worker.__file__)


def _is_done(path: Path) -> bool:
    last = path.with_name(f"{BATCH_SIZES[-1]}.npz")
    return last.exists() or path.with_name("error.txt").exists()


def _read(path: Path) -> dict[str, np.ndarray] | str:
    from tfticket.litert.worker import load_arrays

    error = path.with_name("error.txt")
    if error.exists():
        return " ".join(error.read_text().split()) or "failed without a word"
    try:
        return {
            f"{size} {name}": array
            for size in BATCH_SIZES
            for name, array in load_arrays(path.with_name(f"{size}.npz")).items()
        }
    except (EOFError, OSError, ValueError, zipfile.BadZipFile) as damage:
        return f"died while it wrote: {damage}"
