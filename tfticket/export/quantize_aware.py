"""Training that knows of int8: tfmot's wrappers around a pruned model, with its masks kept."""

from __future__ import annotations

from typing import Any

from tfticket import _keras, weights
from tfticket._tfmot import tfmot
from tfticket.errors import MismatchError
from tfticket.litert.quiet import quiet
from tfticket.masks import Masks

__all__ = ["quantize_aware"]

PREFIX = "quant_"


def quantize_aware(model: Any, masks: Masks) -> tuple[Any, Masks]:
    """Wraps a pruned tf_keras model by tfmot so that it trains as the int8 file will compute.

    Train what comes back with the masks that come with it, then export it; its ranges are in it:

        aware, masks = tt.export.quantize_aware(model, ticket.masks_for(model))
        aware.compile("adam", loss)
        aware.fit(x, y, callbacks=[tt.callbacks.EnforceMasks(masks)])
        tt.export.tflite(aware, "model.tflite", weights="int8")

    tfmot's own scheme for pruned models (`Default8BitPrunePreserveQuantizeScheme`) lets the
    weights of depthwise convolutions grow back; enforced masks do not.

    Args:
        model: of tf_keras, Sequential or functional, built, not nested; it is left as it is.
        masks: its masks, by its weight paths.

    Returns:
        `(aware, masks)`: a new model, not compiled, and the masks under its weight paths.

    Raises:
        ValueError: for Keras 3, or if tfmot cannot wrap the model.
        MismatchError: if a masked weight is not in the wrapped model.

    References:
        Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient
        Integer-Arithmetic-Only Inference", https://arxiv.org/abs/1712.05877
    """
    masks = Masks(masks)
    if _keras.flavour(model) != "tf_keras":
        raise ValueError(
            "`model` must be of tf_keras: quantisation-aware training is tfmot's, which wraps"
            " tf_keras layers only, and Keras 3 has none that TFLite takes. Export the trained"
            " model with `weights='int8'` instead. Received: a model of Keras 3"
        )
    quantization = tfmot().quantization.keras
    with quiet():
        aware = quantization.quantize_apply(quantization.quantize_annotate_model(model))
    return aware, _renamed(masks, aware)


def _renamed(masks: Masks, aware: Any) -> Masks:
    """Masks by the paths of a wrapped model: its layers have a prefix, depthwise kernels a name."""
    shapes = {p: tuple(v.shape) for p, v in weights.prunable_weights(aware).variables.items()}
    found = {}
    for path, mask in masks.items():
        layer, _, name = path.rpartition("/")
        known = [f"{PREFIX}{layer}/{n}" for n in (name, f"depthwise_{name}")]
        found[path] = next((p for p in known if shapes.get(p) == mask.shape), None)
    missing = [path for path, wrapped in found.items() if wrapped is None]
    if missing:
        raise MismatchError(
            f"`masks` must be over weights that tfmot leaves in the model: {missing} are not"
        )
    return Masks({wrapped: masks[path] for path, wrapped in found.items() if wrapped})
