"""Runs a TFLite file; `verify` calls `main` in a process of its own.

A damaged file can kill the interpreter with a signal, so `verify` never runs one in the process
of the caller. Nothing but numpy and the runtime is imported here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["load_arrays", "main", "make_interpreter", "run_in_batches", "save_arrays"]


def main(request_path: str) -> None:
    """Runs a file as `verify.run` asked for and leaves the outputs beside the request.

    Args:
        request_path: a JSON file: `model`, `inputs` (an .npz), `outputs` (a folder),
            `has_delegates`, `batch_sizes`, `num_threads`, and `runtime` if another than
            `"ai-edge-litert"`: `"tensorflow"`.
    """
    request = json.loads(Path(request_path).read_text())
    interpreter = make_interpreter(request)
    inputs = load_arrays(request["inputs"])
    for batch_size in request["batch_sizes"]:
        outputs = run_in_batches(interpreter, inputs, batch_size)
        save_arrays(Path(request["outputs"]) / f"{batch_size}.npz", outputs)


def save_arrays(path: str | Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes arrays under any names, `file` included, which `np.savez` takes for itself.

    Args:
        path: of the file, `.npz`.
        arrays: by name.
    """
    renamed: dict[str, Any] = {f"_{name}": array for name, array in arrays.items()}
    np.savez(path, **renamed)


def load_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """Reads what `save_arrays` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        return {name[1:]: stored[name] for name in stored.files}


def run_in_batches(
    interpreter: Any, inputs: Mapping[str, np.ndarray], batch_size: int
) -> dict[str, np.ndarray]:
    """Feeds all examples in batches of one size; the last batch is filled up from the front.

    Args:
        interpreter: of the file.
        inputs: by name, `[examples, ...]`.
        batch_size: examples per call.

    Returns:
        Outputs by name, `[examples, ...]`.
    """
    num_examples = len(next(iter(inputs.values())))
    num_batches = -(-num_examples // batch_size)
    order = np.arange(num_batches * batch_size) % num_examples
    call = _caller(interpreter)
    batches = [
        call({name: array[rows] for name, array in inputs.items()})
        for rows in np.split(order, num_batches)
    ]
    return {name: np.concatenate([b[name] for b in batches])[:num_examples] for name in batches[0]}


def make_interpreter(request: Mapping[str, Any]) -> Any:
    """Loads a file.

    Args:
        request: `model`, `has_delegates`, `num_threads`, and `runtime` as in `main`.
    """
    interpreter_type, resolvers = _runtime(request.get("runtime", "ai-edge-litert"))
    resolver = resolvers.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    if request["has_delegates"]:
        resolver = resolvers.AUTO
    return interpreter_type(
        model_path=request["model"],
        experimental_op_resolver_type=resolver,
        num_threads=request["num_threads"],
    )


def _runtime(name: str) -> tuple[Any, Any]:
    if name == "tensorflow":
        import tensorflow as tf

        return tf.lite.Interpreter, tf.lite.experimental.OpResolverType
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    return Interpreter, OpResolverType


def _caller(interpreter: Any) -> Any:
    if interpreter.get_signature_list():
        signature = interpreter.get_signature_runner()
        return lambda feed: {k: np.array(v) for k, v in signature(**feed).items()}
    return lambda feed: _call_by_position(interpreter, list(feed.values()))


def _call_by_position(interpreter: Any, arrays: list[np.ndarray]) -> dict[str, np.ndarray]:
    places = [detail["index"] for detail in interpreter.get_input_details()]
    for place, array in zip(places, arrays, strict=True):
        interpreter.resize_tensor_input(place, array.shape)
    interpreter.allocate_tensors()
    for place, array in zip(places, arrays, strict=True):
        interpreter.set_tensor(place, array)
    interpreter.invoke()
    details = interpreter.get_output_details()
    return {f"output_{i}": interpreter.get_tensor(d["index"]) for i, d in enumerate(details)}
