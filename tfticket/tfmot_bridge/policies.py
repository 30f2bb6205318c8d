"""Which layers of a model a pruning policy of tfmot's lets be pruned."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from tfticket import _keras
from tfticket.kinds import kind

__all__ = ["allowed"]


def allowed(policy: Any, model: Any) -> Callable[[Any], bool]:
    """Returns a function that says of each layer of a model whether it may be pruned.

    Args:
        policy: `None`, a tfmot `PruningPolicy`, or anything with `allow_pruning(layer)`; its
            `ensure_model_supports_pruning(model)` is called first, if it has one.
        model: the model.

    Raises:
        TypeError: if the policy has no `allow_pruning`.
        ValueError: whatever the policy says against the model.
    """
    if policy is None:
        return lambda layer: True
    if _is_of_tfmot(policy) and _keras.flavour(model) == "keras":
        return _for_keras3(policy)
    if not callable(getattr(policy, "allow_pruning", None)):
        raise TypeError(
            "`pruning_policy` must have a method `allow_pruning(layer)`."
            f" Received: pruning_policy={policy!r}"
        )
    ensure = getattr(policy, "ensure_model_supports_pruning", None)
    if ensure is not None:
        ensure(model)
    return policy.allow_pruning


def _is_of_tfmot(policy: Any) -> bool:
    return type(policy).__module__.startswith("tensorflow_model_optimization.")


def _for_keras3(policy: Any) -> Callable[[Any], bool]:
    """Policies of tfmot look for classes of tf_keras and would find none in a Keras 3 model."""
    if type(policy).__name__ != "PruneForLatencyOnXNNPack":
        raise TypeError(
            "`pruning_policy` must know Keras 3 layers for a Keras 3 model: of tfmot's own only"
            f" PruneForLatencyOnXNNPack does here. Received: pruning_policy={policy!r}"
        )
    warnings.warn(
        "PruneForLatencyOnXNNPack is followed in what it prunes, 1x1 convolutions; whether XNNPACK"
        " can run a Keras 3 model sparsely it cannot say. tfticket.export can.",
        UserWarning,
        stacklevel=5,
    )
    return lambda layer: kind(layer) == "Conv2D" and tuple(layer.kernel_size) == (1, 1)
