"""What a killed process was writing: siblings of the files they were to become."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

__all__ = ["is_draft", "sweep"]

_DRAFT = re.compile(
    r"\.(saved_model|.+\.(json|jsonl|safetensors|png|keras|tflite))\.(\w{8}|[0-9a-f]{32})"
)


def is_draft(name: str) -> bool:
    """Tells whether a file or folder of a run was never finished.

    Args:
        name: without folders.
    """
    return _DRAFT.fullmatch(name) is not None


def sweep(root: Path) -> None:
    """Removes what was never finished.

    Args:
        root: the run folder, locked.
    """
    for path in (p for p in root.rglob(".*") if is_draft(p.name)):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
