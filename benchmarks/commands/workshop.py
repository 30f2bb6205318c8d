"""What the commands are timed on: a run of few steps, its ticket and files, and a stranger's."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["make"]

_FIND = (
    *("find", "lottery_ticket", "--model", "lenet_300_100", "--data", "digits"),
    *("--num-steps", "20", "--sparsity", "0.9", "--pruning-rate", "0.7", "--controls", "none"),
)


def make(folder: Path, environment: Mapping[str, str]) -> Path:
    """Fills a folder.

    Args:
        folder: an empty one.
        environment: of the process that makes the run.

    Returns:
        The folder.
    """
    run = folder / "run"
    call = [sys.executable, "-m", "tfticket", *_FIND, "--out", str(run)]
    subprocess.run(call, env=dict(environment), check=True, stdout=subprocess.DEVNULL)
    shutil.copytree(run, folder / "damaged")
    weights = next((folder / "damaged").glob("replicate_0/**/*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-8])
    (folder / "taken").mkdir()
    for path in (folder / "taken.txt", folder / "taken" / "taken.txt"):
        path.write_text("somebody's")
    return folder
