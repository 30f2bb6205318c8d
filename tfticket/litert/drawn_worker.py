"""Runs any TFLite file on drawn inputs; `drawn` calls `main` in a process of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tfticket.litert.feeding import fill, resize
from tfticket.litert.worker import make_interpreter, save_arrays

__all__ = ["main"]


def main(request_path: str) -> None:
    """Runs a file as `drawn.run_drawn` asked for, and leaves outputs and shapes beside the request.

    Args:
        request_path: a JSON file: `model`, `seed`, `batch_size`, `input_shapes`, `has_delegates`
            and `num_threads`.
    """
    request: dict[str, Any] = json.loads(Path(request_path).read_text())
    folder = Path(request_path).parent
    interpreter = make_interpreter(request)
    resize(interpreter, request["batch_size"], request["input_shapes"])
    fill(interpreter, request["seed"])
    interpreter.invoke()
    outputs = {
        f"output_{i}": interpreter.get_tensor(detail["index"])
        for i, detail in enumerate(interpreter.get_output_details())
    }
    save_arrays(folder / "outputs.npz", outputs)
    details = interpreter.get_tensor_details()
    shapes = {int(d["index"]): [int(n) for n in d["shape"]] for d in details}
    (folder / "shapes.json").write_text(json.dumps(shapes))
