"""Layers whose masked weight is not what they multiply by: masks on it would be worth nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tfticket import _keras
from tfticket.errors import EnforcementError

__all__ = ["require_multiplied"]


def require_multiplied(model: Any, paths: Iterable[str]) -> None:
    """Makes sure that layers compute with the very weights that are masked.

    Args:
        model: a built model of either Keras.
        paths: of the masked weights.

    Raises:
        EnforcementError: naming the layers under LoRA, which add a dense product to the masked
            kernel, and those that Keras has quantised, which compute with integers.
    """
    wanted = set(paths)
    under_lora, quantized = [], []
    for path, layer, own in _keras.walk(model):
        if not any(_keras.path_below(path, name) in wanted for name, _ in own):
            continue
        if getattr(layer, "lora_enabled", False):
            under_lora.append(path or layer.name)
        if getattr(layer, "quantization_mode", None):
            quantized.append(path or layer.name)
    if under_lora:
        raise EnforcementError(
            "masked layers must not be under LoRA: they multiply by the masked kernel plus a dense"
            " product, so nothing of it would be sparse. Merge first: `model.save_weights` writes"
            " merged kernels; load them into the same model built without `enable_lora`, and prune"
            f" that. Received: layers={under_lora}"
        )
    if quantized:
        raise EnforcementError(
            "masked layers must not be quantised: they compute with integers made before. Train and"
            f" prune first, then quantise. Received: layers={quantized}"
        )
