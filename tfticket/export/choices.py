"""What an export to TFLite was asked for, and whether it can be done."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from tfticket.export.ai_edge import require_ai_edge
from tfticket.export.checks import is_quantize_aware, require_exportable
from tfticket.litert._litert import require_runtime
from tfticket.litert.comparison import Tolerance, tolerance_of
from tfticket.tflite.encoder import Encoding
from tfticket.tflite.weight_types import WeightType

__all__ = ["ENCODINGS", "Quantized", "Request"]

# What is tried, in order: each next encoding asks less of the runtime.
ENCODINGS: dict[str, tuple[Encoding, ...]] = {
    "auto": ("auto", "none"),
    "none": ("none",),
    "storage": ("storage", "none"),
    "compute": ("compute", "storage", "none"),
}
Quantizer = Literal["converter", "ai-edge"]


@dataclass(frozen=True)
class Quantized:
    """The type of a file's weights, and who rounds them.

    Args:
        type: `"float32"`, `"float16"`, `"dynamic"` or `"int8"`.
        quantizer: of integers: TensorFlow's converter, or `"ai-edge"`, ai-edge-quantizer.

    Raises:
        ValueError: for an unknown type or quantizer, or two that do not go together.
    """

    type: WeightType
    quantizer: Quantizer = "converter"

    @classmethod
    def of(cls, weights: WeightType | Quantized) -> Quantized:
        """Returns what `weights` stands for: a type alone is made by TensorFlow's converter."""
        return weights if isinstance(weights, Quantized) else cls(weights)

    def __post_init__(self):
        if self.type not in get_args(WeightType):
            raise ValueError(
                f"`weights` must be one of {get_args(WeightType)}. Received: weights={self.type!r}"
            )
        if self.quantizer not in get_args(Quantizer):
            raise ValueError(
                f"`quantizer` must be one of {get_args(Quantizer)}."
                f" Received: quantizer={self.quantizer!r}"
            )
        if self.quantizer == "ai-edge" and self.type not in ("dynamic", "int8"):
            raise ValueError(
                "`quantizer` must be 'converter' for floats: ai-edge-quantizer makes integers."
                f" Received: quantizer={self.quantizer!r}, weights={self.type!r}"
            )


@dataclass(frozen=True)
class Request:
    """What an export to TFLite was asked for.

    Args:
        weights: the type of the weights, and who rounds them.
        sparse: a key of `ENCODINGS`.
        representative_data: typical inputs; `None` where no ranges are measured.
        inputs: examples to compare on; `None` for `representative_data`, or drawn ones.
        verify: whether to compare, or the largest difference that passes.

    Raises:
        ValueError: for an unknown encoding, or a number that means nothing.
    """

    weights: Quantized
    sparse: Encoding
    representative_data: Any
    inputs: Any
    verify: bool | float

    def __post_init__(self):
        if self.sparse not in ENCODINGS:
            raise ValueError(
                f"`sparse` must be one of {tuple(ENCODINGS)}. Received: sparse={self.sparse!r}"
            )
        is_number = not isinstance(self.verify, (bool, np.bool_))
        if is_number and not (math.isfinite(self.verify) and self.verify >= 0):
            raise ValueError(
                "`verify` must be True, False, or the largest difference from Keras that passes,"
                f" as a fraction of the output range. Received: verify={self.verify!r}"
            )

    @property
    def examples(self) -> Any:
        """What the file is compared on; `None` if examples are to be drawn."""
        return self.representative_data if self.inputs is None else self.inputs

    @property
    def tolerance(self) -> Tolerance | None:
        """How near Keras the file must be; `None` if it is not to be run."""
        if isinstance(self.verify, (bool, np.bool_)):
            return tolerance_of(self.weights.type) if self.verify else None
        return tolerance_of(self.weights.type, float(self.verify))

    def require_possible(self, model: Any) -> None:
        """Makes sure that a model can be exported so, with data for ranges if they are needed.

        Args:
            model: of either Keras.

        Raises:
            TypeError: for a ticket, which has no layers.
            ValueError: for an unbuilt or wrapped model, or data that are missing or too many.
            MissingDependencyError: without the runtime, or the quantizer asked for.
        """
        require_runtime()
        require_exportable(model, may_be_quantize_aware=self.weights.type == "int8")
        is_aware = is_quantize_aware(model)
        if (self.weights.type == "int8" and not is_aware) != (self.representative_data is not None):
            raise ValueError(
                "`representative_data` must be given for int8 and for nothing else, nor for a model"
                " trained for int8: the ranges of activations are measured on it. Received:"
                f" weights={self.weights.type!r}, representative_data="
                f"{'None' if self.representative_data is None else 'given'}"
            )
        if self.weights.quantizer == "ai-edge":
            require_ai_edge()
            if is_aware:
                raise ValueError(
                    "`quantizer` must be 'converter' for a model trained for int8: its ranges are"
                    f" in it. Received: quantizer={self.weights.quantizer!r}"
                )
