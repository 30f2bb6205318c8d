"""What a model must be before it is exported."""

from __future__ import annotations

from typing import Any

from tfticket import _keras
from tfticket.errors import ExportError

__all__ = ["is_quantize_aware", "require_exportable"]

TFMOT = "tensorflow_model_optimization"
TICKETS = ("Ticket", "SeedTicket")  # by name: the latter imports both Kerases


def require_exportable(model: Any, *, may_be_quantize_aware: bool = False) -> None:
    """Makes sure that a model is built and free of wrappers.

    Args:
        model: of either Keras.
        may_be_quantize_aware: whether the wrappers of `quantize_aware` may be there.

    Raises:
        TypeError: if it is no Keras model; a ticket has masks and weights, and no layers.
        ValueError: if it is not built, or holds tfmot's wrappers: these would be exported with
            it, to twice the size and without any sparsity.
        ExportError: if Keras 3 has quantised it: no format takes its integer products.
    """
    if type(model).__name__ in TICKETS and not _keras.is_layer(model):
        raise TypeError(
            "`model` must be a Keras model: a ticket has masks and weights, and no layers. Build"
            " its architecture and call `ticket.apply(model)`, train it, and export that; or write"
            f" a supermask's ticket with `export.seed_file`. Received: {type(model).__name__}"
        )
    _keras.module(model)
    if not model.built:
        raise ValueError(
            "`model` must be built: call it on a batch first. Received: model.built=False"
        )
    found = {path or layer.name: layer for path, layer, _ in _keras.walk(model)}
    wrapped = [path for path, layer in found.items() if _is_of_tfmot(layer, "Prune")]
    if wrapped:
        raise ValueError(
            "`model` must be stripped of tfmot's wrappers: they would double its size. Call"
            " `tfmot.sparsity.keras.strip_pruning(model)` first."
            f" Received: wrapped layers={wrapped}"
        )
    aware = [path for path, layer in found.items() if _is_of_tfmot(layer, "")]
    if aware and not may_be_quantize_aware:
        raise ValueError(
            "`model` must be free of tfmot's layers for quantisation-aware training, except for an"
            f" int8 file: `export.tflite(model, path, weights='int8')`. Received: layers={aware}"
        )
    _refuse_keras_integers(found)


def is_quantize_aware(model: Any) -> bool:
    """Tells whether a model has tfmot's layers for quantisation-aware training."""
    return any(_is_of_tfmot(layer, "Quantize") for _, layer, _ in _keras.walk(model))


def _is_of_tfmot(layer: Any, start: str) -> bool:
    return any(
        c.__module__.startswith(TFMOT) and c.__name__.startswith(start) for c in type(layer).__mro__
    )


def _refuse_keras_integers(layers: dict[str, Any]) -> None:
    found = [path for path, layer in layers.items() if getattr(layer, "quantization_mode", None)]
    if found:
        raise ExportError(
            "the model was quantised by Keras (`model.quantize`), whose integer products TFLite's"
            " converter does not take. Export the float model with `weights='int8'`: it keeps the"
            f" zeros, too. Quantised layers: {found}"
        )
