"""Processes of two checkouts of tfticket that are asked in turn, so that both share all drift."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

__all__ = ["ROOT", "Version", "answer"]

ROOT = Path(__file__).resolve().parents[2]
#: The checkout's own package is imported before the script can put this one's folder in front.
_CODE = """
import runpy, sys, tfticket
print("from", tfticket.__file__, flush=True)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def answer(works: Mapping[str, Callable]) -> None:
    """Does the work whose name comes in as a line, and prints the CPU seconds it took."""
    for line in sys.stdin:
        before = time.process_time()
        works[line.strip()]()
        print("took", time.process_time() - before, flush=True)


class Version:
    """A process that runs a script of this folder with the tfticket of one checkout.

    Args:
        folder: the checkout.
        script: the script, which must come to `answer` when it is given `--answer`.
        settings: what follows `--answer`.
    """

    def __init__(self, folder: Path, script: str, *settings: object):
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CODE, script, "--answer", *map(str, settings)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        found = Path(self.line("from"))
        if not found.is_relative_to(folder.resolve()):
            raise RuntimeError(f"a checkout of tfticket was to be measured. Received: {found}")

    def seconds(self, work: str) -> float:
        """Has one work done, and returns the CPU seconds it took."""
        self._process.stdin.write(f"{work}\n")
        self._process.stdin.flush()
        return float(self.line("took"))

    def line(self, word: str) -> str:
        """The rest of the next line that begins with a word."""
        while not (line := self._process.stdout.readline()).startswith(f"{word} "):
            if self._process.poll() is not None:
                raise RuntimeError("a version ended before its last measurement")
        return line.split(maxsplit=1)[1].strip()

    def end(self) -> None:
        self._process.communicate()
