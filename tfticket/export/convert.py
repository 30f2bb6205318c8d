"""Keras to a dense TFLite file, the same way for both Kerases."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from tfticket.errors import ExportError
from tfticket.export.signature import Signature, output_names, tables, variables
from tfticket.litert.quiet import quiet
from tfticket.tflite.file import File
from tfticket.tflite.weight_types import WeightType

__all__ = [
    "dense_tflite",
    "one_by_one",
    "quantized_tflite",
    "refuse_loops",
    "served",
]

#: Of a flatbuffer, whose offsets are signed integers of 32 bits.
MOST_BYTES = 2**31 - 1
# The line of the caller that the converter names first; it says nothing about the model.
PLACE = re.compile(r"^\S+:\d+:\d+: (error: )?")
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
NAMED = re.compile(r"^\w+(Error|Exception): ")
CALLED = re.compile(r"(Call a|A)rguments received by |• ")
WAYS = ("UNIDIRECTIONAL", "BIDIRECTIONAL")
OPEN_LOOP = "TensorListReserve"
LOOPS = {"WHILE", "IF"}
STATEFUL = {f"{way}_SEQUENCE_{cell}" for way in WAYS for cell in ("LSTM", "RNN")}


def served(model: Any, given: Signature) -> Any:
    """Wraps a model's forward pass as a `tf.Module` with one function, `serve`.

    Args:
        model: of either Keras; its variables are shared, not copied.
        given: its signature.

    Returns:
        A module to save or convert; `serve` takes the flat inputs and returns outputs by name.
    """
    import tensorflow as tf

    def serve(*tensors):
        outputs = tf.nest.flatten(model(given.pack(tensors), training=False))
        return dict(zip(output_names(model, len(outputs)), outputs, strict=True))

    module: Any = tf.Module()
    module.model_variables, module.tables = variables(model), tables(model)
    module.serve = tf.function(serve, input_signature=list(given.specs))
    return module


def dense_tflite(model: Any, given: Signature, module: Any = None) -> File:
    """Converts a model to a dense float32 TFLite file.

    The converter's sparsity flag is never set: see `tflite.encoder`.

    Args:
        model: of either Keras.
        given: its signature.
        module: the model as `served` wraps it, which is traced once; `None` to wrap it anew.

    Raises:
        ExportError: if the model takes text or is larger than 2 GB; if TensorFlow's converter
            refuses it, with its first words, or makes an operator of it that starts where the last
            call ended, or one that takes no batches.
    """
    text = [spec.name for spec in given.specs if spec.dtype.name == "string"]
    if text:
        raise ExportError(
            "no TFLite file takes text: look tokens up outside of the model and export the rest, or"
            f" write `export.savedmodel`. The model takes text as {text}"
        )
    _require_room(model)
    dense = _convert(module or served(model, given), given, lambda converter: None)
    found = STATEFUL & {operator.name for operator in dense.operators}
    if found:
        raise ExportError(
            f"TensorFlow's converter made {sorted(found)} of a recurrent layer, which carries its"
            " state over from one call to the next and so computes something else than Keras."
            " Unroll the recurrent layers (`unroll=True`)"
        )
    _refuse_emptiness(dense)
    return dense


def _require_room(model: Any) -> None:
    """Refuses what no file holds before the converter works on it for minutes."""
    num_bytes = 4 * sum(math.prod(variable.shape) for variable in variables(model))
    if num_bytes > MOST_BYTES:
        raise ExportError(
            "a TFLite file holds at most 2 GB, and every file is made from one in float32: the"
            f" model's weights take {num_bytes / 1e9:.2f} GB. Write `export.savedmodel`, or export"
            " parts of the model"
        )


def _refuse_emptiness(dense: File) -> None:
    """Refuses what the converter spelled out for an operation that TFLite has no kernel for.

    Its constants then have the length of the batch, which is open: 0.
    """
    for subgraph in dense.subgraphs:
        made = {t for o in subgraph.operators for t in o.writes} | {*subgraph.inputs}
        empty = [t.name for i, t in enumerate(subgraph.tensors) if 0 in t.shape and i not in made]
        if empty:
            raise ExportError(
                f"TFLite has no kernel for {empty[0]!r}, and what TensorFlow's converter makes up"
                " for it takes no batches. Build the model with a fixed batch size,"
                " Input(batch_shape=(1, …)), or without that operation"
            )


def quantized_tflite(
    model: Any,
    given: Signature,
    dense: File,
    *,
    weights: WeightType,
    calibration: Mapping[str, np.ndarray] | None = None,
    module: Any = None,
) -> File:
    """Converts a model to a dense TFLite file of smaller weights.

    Args:
        model: of either Keras.
        given: its signature.
        dense: its float32 file, as `dense_tflite` writes it.
        weights: `"float16"`: halved, computed with in float32; `"dynamic"`: int8 weights, float
            activations that the runtime rounds call by call; `"int8"`: activations too, with
            ranges measured on `calibration`. Inputs and outputs stay float32.
        calibration: inputs by name, `[examples, ...]`; for `"int8"` only, and not for a model
            that was trained for it and has its ranges in it.
        module: as for `dense_tflite`.

    Raises:
        ExportError: if TensorFlow's converter refuses the model, with its first words.
    """
    if weights == "int8":
        refuse_loops(dense)

    def choose(converter: Any) -> None:
        ranges = calibration if weights == "int8" else None
        _choose_type(converter, weights, is_calibrated=ranges is not None)
        if ranges is not None:
            # The converter has an order of inputs of its own, and takes them by their places.
            converter.representative_dataset = lambda: (
                [example[name] for name in dense.input_names]
                for example in one_by_one(given, ranges)
            )

    return _convert(module or served(model, given), given, choose)


def refuse_loops(dense: File) -> None:
    """Refuses a file with loops, on which TensorFlow 2.21's calibrator kills the process.

    Raises:
        ExportError: if there are loops, saying what to do.
    """
    found = LOOPS & {operator.name for operator in dense.operators}
    if found:
        raise ExportError(
            f"int8 needs a model without loops: TensorFlow's calibrator crashes on {sorted(found)}."
            " Unroll the recurrent layers (`unroll=True`), or take another type of weights"
        )


def _convert(module: Any, given: Signature, choose: Callable[[Any], None]) -> File:
    import tensorflow as tf

    try:
        with quiet():
            function = module.serve.get_concrete_function()
            converter = tf.lite.TFLiteConverter.from_concrete_functions([function], module)
            choose(converter)
            made = bytes(converter.convert())
    except Exception as error:
        words = _first_words(error)
        hint = _open_shapes(given)
        if OPEN_LOOP in words:
            hint = (
                ". A recurrent layer needs `unroll=True` and a fixed number of steps, or the model"
                " a fixed batch size: Input(batch_shape=(1, …))"
            )
        raise ExportError(
            f"TensorFlow's converter refused the model: {type(error).__name__}: {words}{hint}"
        ) from error
    return File(made)


def _first_words(error: Exception) -> str:
    """What is wrong in a sentence or two: the first line, or what follows an excerpt of code."""
    lines = [ESCAPE.sub("", line).strip() for line in str(error).splitlines()]
    lines = [line for line in lines if line] or [""]
    excerpts = [i for i, line in enumerate(lines) if line.startswith("in user code")]
    if not excerpts:
        return PLACE.sub("", lines[0])
    after = [line for line in lines[excerpts[-1] :] if not CALLED.match(line)]
    at = next((i for i, line in enumerate(after) if NAMED.match(line)), len(after) - 1)
    following = [line.partition(". ")[0] for line in after[at + 1 : at + 2]]
    return " ".join([NAMED.sub("", after[at]), *following])


def _open_shapes(given: Signature) -> str:
    """What to do about lengths that are left open, where a layer cannot do without."""
    names = [spec.name for spec in given.specs if None in list(spec.shape)[1:]]
    if not names:
        return ""
    return f". Lengths of {names} are open: build the model with an Input of fixed lengths"


def _choose_type(converter: Any, weights: WeightType, is_calibrated: bool) -> None:
    import tensorflow as tf

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if weights == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if weights == "int8" and is_calibrated:
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]


def one_by_one(
    given: Signature, inputs: Mapping[str, np.ndarray]
) -> Iterator[dict[str, np.ndarray]]:
    """Yields inputs by name in batches of the fixed size of a model, else of one.

    Args:
        given: the signature of the model.
        inputs: by name, `[examples, ...]`.
    """
    size = given.fixed_batch_size or 1
    num_examples = len(inputs[given.names[0]])
    for start in range(0, num_examples, size):
        rows = np.arange(start, start + size) % num_examples
        yield {name: np.ascontiguousarray(inputs[name][rows]) for name in given.names}
