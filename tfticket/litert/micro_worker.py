"""Runs a TFLite file as a microcontroller does; `on_micro` calls `main` in a process of its own.

That runtime trusts a file: sparse weights have it read beyond their end. Nothing but numpy and the
runtime is imported here.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tfticket.litert.worker import load_arrays, save_arrays

__all__ = ["main"]

_TOTAL = re.compile(r"Arena allocation total (\d+) bytes")


def main(request_path: str) -> None:
    """Runs a file as `on_micro` asked for and leaves outputs and figures beside the request.

    Args:
        request_path: a JSON file: `model`, `inputs` (an .npz, in the order of the file),
            `outputs` (a folder), `arena_bytes`.
    """
    from tflite_micro import runtime

    request = json.loads(Path(request_path).read_text())
    model, arena = request["model"], request["arena_bytes"]
    interpreter = runtime.Interpreter.from_file(model, arena_size=arena)
    inputs = list(load_arrays(request["inputs"]).values())
    found = []
    for row in range(len(inputs[0])):
        for number, array in enumerate(inputs):
            interpreter.set_input(array[row : row + 1], number)
        interpreter.invoke()
        found.append([np.array(interpreter.get_output(n)) for n in range(request["num_outputs"])])
    outputs = [np.concatenate(parts) for parts in zip(*found, strict=True)]
    save_arrays(
        Path(request["outputs"]) / "outputs.npz", {str(n): a for n, a in enumerate(outputs)}
    )
    (Path(request["outputs"]) / "arena.txt").write_text(str(_arena(interpreter)))


def _arena(interpreter: Any) -> int:
    """Reads how much of the arena was taken off what the runtime prints."""
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            interpreter.print_allocations()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        file.seek(0)
        (total,) = _TOTAL.findall(file.read().decode("utf-8", "replace"))
    return int(total)
