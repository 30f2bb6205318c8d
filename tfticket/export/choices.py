"""What an export to TFLite was asked for, and whether it can be done."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import numpy as np

from tfticket.export.ai_edge import require_ai_edge
from tfticket.export.checks import is_quantize_aware
from tfticket.export.convert import WeightType
from tfticket.export.encoder import Layout
from tfticket.export.verify import limits

# What is tried, in order: each next layout asks less of the runtime.
LAYOUTS: dict[str, tuple[Layout, ...]] = {
    "auto": ("auto", "none"),
    "none": ("none",),
    "storage": ("storage", "none"),
    "compute": ("compute", "storage", "none"),
}
Quantizer = Literal["converter", "ai-edge"]


def limits_asked(weights: str, verify: bool | float) -> tuple[float, float] | None:
    """Returns how near Keras a file must be; `None` if it is not to be run.

    Args:
        weights: the type of its weights.
        verify: whether to compare, or the largest difference that passes.

    Raises:
        ValueError: if `verify` is a number that no difference can be held against.
    """
    if isinstance(verify, (bool, np.bool_)):
        return limits(weights) if verify else None
    if not (math.isfinite(verify) and verify >= 0):
        raise ValueError(
            "`verify` must be True, False, or the largest difference from Keras that passes, as a"
            f" fraction of the output range. Received: verify={verify!r}"
        )
    return limits(weights, float(verify))


def require_choices(weights: str, sparse: str, num_samples: int, quantizer: str) -> None:
    """Makes sure that the choices are known and go together.

    Args:
        weights: type of the weights.
        sparse: the encoding.
        num_samples: examples to compare on.
        quantizer: of integers.

    Raises:
        ValueError: for an unknown choice.
    """
    if weights not in get_args(WeightType):
        raise ValueError(
            f"`weights` must be one of {get_args(WeightType)}. Received: weights={weights!r}"
        )
    if quantizer not in get_args(Quantizer):
        raise ValueError(
            f"`quantizer` must be one of {get_args(Quantizer)}. Received: quantizer={quantizer!r}"
        )
    if quantizer == "ai-edge" and weights not in ("dynamic", "int8"):
        raise ValueError(
            "`quantizer` must be 'converter' for floats: ai-edge-quantizer makes integers."
            f" Received: quantizer={quantizer!r}, weights={weights!r}"
        )
    if sparse not in LAYOUTS:
        raise ValueError(f"`sparse` must be one of {tuple(LAYOUTS)}. Received: sparse={sparse!r}")
    if num_samples < 1:
        raise ValueError(
            "`num_samples` must be at least 1: a file is compared on examples."
            f" Received: num_samples={num_samples}"
        )


def require_data(model: Any, weights: str, representative_data: Any, quantizer: str) -> None:
    """Makes sure that data for the ranges of integers are there if they are needed, and only then.

    Args:
        model: of either Keras.
        weights: type of the weights.
        representative_data: typical inputs or `None`.
        quantizer: of integers.

    Raises:
        ValueError: if they are missing or too many.
        MissingDependencyError: without the quantizer asked for.
    """
    is_aware = is_quantize_aware(model)
    if (weights == "int8" and not is_aware) != (representative_data is not None):
        raise ValueError(
            "`representative_data` must be given for int8 and for nothing else, nor for a model"
            " trained for int8: the ranges of activations are measured on it. Received:"
            f" weights={weights!r}, representative_data="
            f"{'None' if representative_data is None else 'given'}"
        )
    if quantizer == "ai-edge":
        require_ai_edge()
        if is_aware:
            raise ValueError(
                "`quantizer` must be 'converter' for a model trained for int8: its ranges are in"
                f" it. Received: quantizer={quantizer!r}"
            )
