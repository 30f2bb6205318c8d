"""A Keras model as an ONNX file, converted by tf2onnx and run in onnxruntime."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np

from tfticket.errors import MissingDependencyError
from tfticket.export import atomic
from tfticket.export.checks import require_exportable
from tfticket.export.convert import served
from tfticket.export.quiet import quiet
from tfticket.export.savedmodel import SavedReport, checked_report, export_errors, taken
from tfticket.export.signature import Signature

OPSET = 17


def onnx(model: Any, path: str | Path, *, inputs: Any = None, num_samples: int = 8) -> SavedReport:
    """Writes an ONNX file and compares what onnxruntime computes with it.

    Zeros stay zeros and are stored densely: ONNX has a sparse type that runtimes do not compute
    with. The file is for servers, where gzip makes zeros small on their way.

    Args:
        model: of either Keras, built, without tfmot's wrappers.
        path: of the file; an old one is replaced in one step.
        inputs: examples to compare on; drawn with a fixed seed if not given.
        num_samples: examples to compare on, at least 1.

    Returns:
        A `SavedReport`.

    Raises:
        TypeError: for a ticket, which has no layers: apply it to a model.
        ValueError: for an unbuilt or wrapped model, or inputs that do not fit.
        ExportError: if the model does not convert, or the file computes something else; nothing is
            written.
        MissingDependencyError: without tf2onnx or onnxruntime.

    References:
        tf2onnx, https://github.com/onnx/tensorflow-onnx
    """
    converter, runtime = _module("tf2onnx"), _module("onnxruntime")
    require_exportable(model)
    given, samples = taken(model, inputs, num_samples)
    with atomic.new_file(path) as draft:
        with export_errors("ONNX file"), quiet():
            made, _ = converter.convert.from_function(
                served(model, given).serve, input_signature=list(given.specs), opset=OPSET
            )
            draft.write_bytes(made.SerializeToString())
            found = _run(runtime, draft, given, samples)
        return checked_report((path, draft), (model, given), samples, found, "ONNX file")


def _run(
    runtime: Any, path: Path, given: Signature, samples: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    num_examples = len(samples[given.names[0]])
    rows = np.arange(given.fixed_batch_size or num_examples) % num_examples
    feed = {name: array[rows] for name, array in samples.items()}
    return dict(zip(names, session.run(names, feed), strict=True))


def _module(name: str) -> Any:
    try:
        with quiet():
            return importlib.import_module(name)
    except ImportError as error:
        raise MissingDependencyError(name, "onnx", "to write and run ONNX files") from error
