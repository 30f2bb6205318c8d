"""Dense float32 TFLite files in smaller weights by `ai-edge-quantizer`, the optional extra."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from typing import Any

import numpy as np

from tfticket import optional
from tfticket.errors import ExportError
from tfticket.export.convert import one_by_one, refuse_loops
from tfticket.export.signature import Signature
from tfticket.litert.quiet import quiet
from tfticket.tflite.file import File
from tfticket.tflite.weight_types import WeightType

__all__ = ["ai_edge_tflite", "ai_edge_version", "require_ai_edge"]

PACKAGE = "ai-edge-quantizer"
SIGNATURE = "serving_default"
BITS = 8


def require_ai_edge() -> None:
    """Makes sure that the quantizer is installed.

    Raises:
        MissingDependencyError: without `ai-edge-quantizer`; the message says how to get it.
    """
    _module("quantizer")


def ai_edge_version() -> str:
    """Names the quantizer, as in `ai-edge-quantizer 0.10.0`."""
    return f"{PACKAGE} {importlib.metadata.version(PACKAGE)}"


def ai_edge_tflite(
    given: Signature,
    dense: File,
    *,
    weights: WeightType,
    calibration: Mapping[str, np.ndarray] | None = None,
) -> File:
    """Quantises a dense float32 file; inputs and outputs stay float32.

    `given`, `dense` and `calibration` are as in `convert.quantized_tflite`.

    Args:
        weights: `"dynamic"` or `"int8"`.

    Raises:
        ExportError: if the quantizer refuses the file, with its first words.
        MissingDependencyError: without `ai-edge-quantizer`.
    """
    if weights == "int8":
        refuse_loops(dense)
    quantizers = _module("quantizer")
    try:
        with quiet():
            found = quantizers.Quantizer(bytearray(dense.blob), _recipe(weights))
            ranges = _calibrated(found, given, calibration or {}) if weights == "int8" else None
            made = found.quantize(ranges, enable_progress_report=False).quantized_model
        return File(bytes(made))
    except Exception as error:
        said = str(error).strip().splitlines() or [""]
        raise ExportError(
            f"{PACKAGE} refused the model: {type(error).__name__}: {said[0]}"
        ) from error


def _recipe(weights: WeightType) -> Any:
    names = _module("qtyping").TFLOperationName
    untouched = _module("algorithm_manager").AlgorithmName.NO_QUANTIZE
    manager = _module("recipe_manager").RecipeManager()
    if weights == "dynamic":
        manager.add_dynamic_config(regex=".*", operation_name=names.ALL_SUPPORTED, num_bits=BITS)
        return manager.get_quantization_recipe()
    manager.add_static_config(
        regex=".*",
        operation_name=names.ALL_SUPPORTED,
        activation_num_bits=BITS,
        weight_num_bits=BITS,
    )
    for end in (names.INPUT, names.OUTPUT):
        manager.add_quantization_config(regex=".*", operation_name=end, algorithm_key=untouched)
    return manager.get_quantization_recipe()


def _calibrated(found: Any, given: Signature, calibration: Mapping[str, np.ndarray]) -> Any:
    examples = {SIGNATURE: list(one_by_one(given, calibration))}
    return found.calibrate(examples, num_threads=1)


def _module(name: str) -> Any:
    with quiet():
        module = f"ai_edge_quantizer.{name}"
        return optional.require(module, PACKAGE, "quantizer", "to quantise TFLite files")
