"""Keras to a dense TFLite file, the same way for both Kerases."""

from __future__ import annotations

from typing import Any

from tfticket.errors import ExportError
from tfticket.export.quiet import quiet
from tfticket.export.signature import Signature, output_names, variables


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
    module.model_variables = variables(model)
    module.serve = tf.function(serve, input_signature=list(given.specs))
    return module


def dense_tflite(model: Any, given: Signature) -> bytes:
    """Converts a model to a dense float32 TFLite file.

    The converter's sparsity flag is never set: see `encoder`.

    Raises:
        ExportError: if TensorFlow's converter refuses the model, with its first words.
    """
    import tensorflow as tf

    try:
        with quiet():
            module = served(model, given)
            function = module.serve.get_concrete_function()
            converter = tf.lite.TFLiteConverter.from_concrete_functions([function], module)
            return bytes(converter.convert())
    except Exception as error:
        said = str(error).strip().splitlines() or [""]
        raise ExportError(
            f"TensorFlow's converter refused the model: {type(error).__name__}: {said[0]}"
        ) from error
