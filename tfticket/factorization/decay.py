"""Frobenius decay: weight decay of the product instead of its factors."""

from __future__ import annotations

from typing import Any

from tfticket import _keras, _weight_decay
from tfticket.factorization.layers import FactorizedKernel

__all__ = ["exclude_factors", "frobenius_decay"]


def frobenius_decay(keras: Any, coefficient: float) -> Any:
    """Returns the regulariser `½ · coefficient · ‖kernel‖²` of a Keras.

    As the `kernel_regularizer` of a factorised layer it is Frobenius decay: it acts on the product,
    so that the factors `U` and `Vᵀ` have the gradients `λ U Vᵀ V` and `λ V Uᵀ U`.

    Args:
        keras: as for `factorization.layers.of`.
        coefficient: λ, at least 0.

    References:
        Khodak et al. 2021, "Initialization and Regularization of Factorized Neural Layers",
        https://arxiv.org/abs/2105.01029
    """
    if not coefficient >= 0:
        raise ValueError(f"`frobenius_decay` must be at least 0. Received: {coefficient!r}")
    module: Any = _keras.module(keras)
    return module.regularizers.L2(coefficient / 2)


def exclude_factors(optimizer: Any, model: Any) -> None:
    """Turns an optimizer's own weight decay off for the factors of a model.

    Args:
        optimizer: of either Keras, before its first step; one without weight decay stays as it is.
        model: with factorised layers, built.
    """
    layers = [one for _, one, _ in _keras.walk(model) if isinstance(one, FactorizedKernel)]
    factors = [factor for layer in layers for factor in (layer.kernel_in, layer.kernel_out)]
    _weight_decay.exclude(optimizer, factors)
