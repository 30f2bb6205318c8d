"""A Keras model as an ONNX file, converted by tf2onnx and run in onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tfticket import files, optional
from tfticket.export.checks import require_exportable
from tfticket.export.convert import served
from tfticket.export.original import Original
from tfticket.export.saved_report import SavedReport, write_compared
from tfticket.litert.quiet import quiet

__all__ = ["onnx", "require_room"]

OPSET = 17
# An ONNX file names its producer among the first of its fields.
PRODUCER, NUM_FIRST_BYTES = b"tf2onnx", 64


def onnx(
    model: Any,
    path: str | Path,
    *,
    inputs: Any = None,
    num_samples: int = 8,
    overwrite: bool = False,
) -> SavedReport:
    """Writes an ONNX file and compares what onnxruntime computes with it.

    Zeros stay zeros and are stored densely: ONNX has a sparse type that runtimes do not compute
    with. The file is for servers, where gzip makes zeros small on their way.

    `inputs`, `num_samples`, `overwrite` and what is raised are as in every writer: see
    `tfticket.export`. A file bears no mark of tfticket: what tf2onnx made counts as written by it.

    Args:
        model: of either Keras, built, without tfmot's wrappers.
        path: of the file; it appears whole or not at all.

    Returns:
        A `SavedReport`.

    Raises:
        MissingDependencyError: without tf2onnx or onnxruntime.

    References:
        tf2onnx, https://github.com/onnx/tensorflow-onnx
    """
    converter, runtime = _module("tf2onnx"), _module("onnxruntime")
    require_exportable(model)
    require_room(path, overwrite=overwrite)
    original = Original.of(model, inputs, num_samples)

    def write(draft: Path) -> dict[str, np.ndarray]:
        function, specs = served(model, original.given).serve, list(original.given.specs)
        made, _ = converter.convert.from_function(function, input_signature=specs, opset=OPSET)
        draft.write_bytes(made.SerializeToString())
        return _run(runtime, draft, original)

    return write_compared(path, original, write, kind="ONNX file")


def _run(runtime: Any, path: Path, original: Original) -> dict[str, np.ndarray]:
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    size = original.given.fixed_batch_size or original.num_samples
    rows = np.arange(size) % original.num_samples
    feed = {name: array[rows] for name, array in original.samples.items()}
    return dict(zip(names, session.run(names, feed), strict=True))


def require_room(path: str | Path, *, overwrite: bool = False) -> None:
    """Makes sure that the file may be written; see `files.require_free` for what is raised.

    Args:
        path: where it is to be written.
        overwrite: whether it may take the place of anything.
    """
    files.require_free(path, is_ours=_is_ours(Path(path)), overwrite=overwrite, is_file=True)


def _is_ours(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return PRODUCER in file.read(NUM_FIRST_BYTES)


def _module(name: str) -> Any:
    with quiet():
        return optional.require(name, name, "onnx", "to write and run ONNX files")
