"""Runs a function of this package on files it does not trust, in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["CURRENT", "run_in_subprocess"]

#: Where a function that is given several files names the one it is at, should that be its end.
CURRENT = "current.txt"
PROGRAM = "import sys; from {module} import main; main(sys.argv[1])"


def run_in_subprocess(module: str, folder: Path, request: Mapping[str, Any], seconds: float) -> str:
    """Calls `main` of a module with a request, in another process, and waits for it.

    Args:
        module: whose `main` takes the path of the request.
        folder: where the request is written; answers are expected there, too.
        request: what JSON can hold.
        seconds: after which the process is given up.

    Returns:
        What went wrong, a signal included; empty if nothing did.
    """
    path = folder / "request.json"
    path.write_text(json.dumps(request))
    search_path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    try:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM.format(module=module), str(path)],
            env={**os.environ, "PYTHONPATH": search_path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"the runtime did not finish within {seconds:g} seconds"
    if done.returncode < 0:
        return f"the runtime died of {signal.Signals(-done.returncode).name}"
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return f"the runtime failed: {lines[-1] if lines else ''}" if done.returncode else ""
