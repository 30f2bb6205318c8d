"""Functions that Keras has traced, traced again: those made before know how things were."""

from __future__ import annotations

from typing import Any

__all__ = ["retrace"]


def retrace(model: Any, *, evaluation: bool = False) -> None:
    """Makes Keras trace a model's training step again.

    Args:
        model: of either Keras.
        evaluation: whether evaluation and prediction are to be traced again too.
    """
    for name in ("train", "test", "predict") if evaluation else ("train",):
        if getattr(model, f"{name}_function", None) is not None:
            setattr(model, f"{name}_function", None)
            getattr(model, f"make_{name}_function")()  # `fit` may be running
