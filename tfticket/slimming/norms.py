"""Statistics of batch normalisations, measured again after channels or weights are gone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tfticket import _keras, weights

__all__ = ["reestimate_norms"]


def reestimate_norms(model: Any, batches: Iterable[Any]) -> int:
    """Sets the moving statistics of every BatchNormalization to the average over some batches.

    Pruning changes what each normalisation sees; a few dozen batches of training inputs set its
    statistics right without any training, often most of what fine-tuning would gain. Every batch
    goes through the model once, as in training; all other variables are as before afterwards.

    Args:
        model: a built model of either Keras; frozen layers keep their statistics.
        batches: inputs of the model, or tuples that start with them, as `fit` takes them.

    Returns:
        How many batches were seen.

    Raises:
        ValueError: if the model has no BatchNormalization that training would change, or there is
            no batch.

    References:
        Li et al. 2020, "EagleEye: Fast Sub-net Evaluation for Efficient Neural Network Pruning",
        section 3.3, https://arxiv.org/abs/2007.02491
    """
    norms = _norms(model)
    statistics = {id(v) for layer in norms for v in (layer.moving_mean, layer.moving_variance)}
    others = {p: v for p, v in weights.variables(model).items() if id(v) not in statistics}
    before = {p: _keras.to_numpy(v) for p, v in others.items()}
    momenta, count = [layer.momentum for layer in norms], 0
    try:
        for count, batch in enumerate(batches, 1):
            for layer in norms:
                layer.momentum = 1 - 1 / count  # a running average over all batches so far
            model(batch[0] if isinstance(batch, tuple) else batch, training=True)
    finally:
        for layer, momentum in zip(norms, momenta, strict=True):
            layer.momentum = momentum
        weights.write(model, before)
    if not count:
        raise ValueError("`batches` must have at least one batch. Received none")
    return count


def _norms(model: Any) -> list[Any]:
    """Finds the normalisations whose statistics training would change."""
    found = [
        layer
        for _, layer, _ in _keras.walk(model)
        if hasattr(layer, "moving_variance") and hasattr(layer, "momentum") and layer.trainable
    ]
    if not found:
        raise ValueError(
            "`model` must have a BatchNormalization that is not frozen; there is none."
            f" Received: model={model.name!r}"
        )
    return found
