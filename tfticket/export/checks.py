"""What a model must be before it is exported."""

from __future__ import annotations

from typing import Any

from tfticket import _keras


def require_exportable(model: Any) -> None:
    """Makes sure that a model is built and free of wrappers.

    Args:
        model: of either Keras.

    Raises:
        TypeError: if it is no Keras model.
        ValueError: if it is not built, or holds tfmot's wrappers: these would be exported with
            it, to twice the size and without any sparsity.
    """
    _keras.module(model)
    if not model.built:
        raise ValueError(
            "`model` must be built: call it on a batch first. Received: model.built=False"
        )
    wrapped = [path or layer.name for path, layer, _ in _keras.walk(model) if _is_wrapper(layer)]
    if wrapped:
        raise ValueError(
            "`model` must be stripped of tfmot's wrappers: they would double its size. Call"
            " `tfmot.sparsity.keras.strip_pruning(model)` first."
            f" Received: wrapped layers={wrapped}"
        )


def _is_wrapper(layer: Any) -> bool:
    return any(
        c.__module__.startswith("tensorflow_model_optimization") for c in type(layer).__mro__
    )
