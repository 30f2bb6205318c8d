"""Makes a model positively homogeneous while it is traced: what is not, is replaced and named.

Synaptic flow is conserved only where `f(a·x) = a·f(x)` for a > 0, as with ReLU. Here layers are
told another activation for the time of one trace; `homogeneous_rules` catches operations that no
layer declares, such as `keras.ops.tanh` in a subclassed model.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tfticket import _keras
from tfticket._lazy import tf
from tfticket.kinds import call_kind

__all__ = ["homogeneous_layers"]

_TO_RELU = {
    "celu",
    "elu",
    "exponential",
    "gelu",
    "hard_shrink",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "log_sigmoid",
    "mish",
    "selu",
    "silu",
    "soft_shrink",
    "softplus",
    "softsign",
    "sparse_plus",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
    "threshold",
}
_TO_SIGMOID = {"hard_sigmoid", "sparse_sigmoid"}  # a gate or a head: its rule decides
_TO_SOFTMAX = {"sparsemax"}
_ACTIVATIONS = ("activation", "recurrent_activation")

_STATISTICS = {
    "GroupNormalization",
    "LayerNormalization",
    "RMSNormalization",
    "UnitNormalization",
}
_PREPROCESSING = {"Normalization", "Rescaling"}
_RECTIFIERS = {"ELU", "ThresholdedReLU"}
_ABSENT = object()


@contextlib.contextmanager
def homogeneous_layers(model: Any) -> Iterator[list[str]]:
    """Gives layers homogeneous activations inside a `with` block; yields what was replaced.

    Args:
        model: a built model of either Keras; as before when the block ends, however it ends.
    """
    replaced: list[str] = []
    before: list[tuple[dict, str, Any]] = []
    try:
        for path, layer, _ in _keras.walk(model):
            for name, value, change in _replacements(layer):
                attributes = vars(layer)  # past Keras' tracking of what is assigned to a layer
                before.append((attributes, name, attributes.get(name, _ABSENT)))
                attributes[name] = value
                replaced.append(f"{path or layer.name}: {change}")
        yield replaced
    finally:
        for attributes, name, value in reversed(before):
            if value is _ABSENT:
                del attributes[name]
            else:
                attributes[name] = value


def _replacements(layer: Any) -> Iterator[tuple[str, Any, str]]:
    """Yields `(attribute, value, the change in words)` for what has to change in one layer."""
    kind, attributes = call_kind(layer), vars(layer)
    for name in _ACTIVATIONS:
        called = getattr(attributes.get(name), "__name__", "")
        if called in _TO_RELU:
            yield name, tf.nn.relu, f"{called} → relu"
        elif called in _TO_SIGMOID:
            yield name, tf.sigmoid, f"{called} → sigmoid"
        elif called in _TO_SOFTMAX:
            yield name, tf.nn.softmax, f"{called} → softmax"
    if kind == "ReLU" and attributes.get("max_value") not in (None, 6):  # 6 may belong to a gate
        yield "max_value", None, f"relu up to {attributes['max_value']} → relu"
    if kind == "ReLU" and attributes.get("threshold"):
        yield "threshold", 0.0, f"relu above {attributes['threshold']} → relu"
    if kind in _RECTIFIERS:
        yield "call", _calling(tf.nn.relu), f"{kind} → relu"
    if kind in _PREPROCESSING:
        yield "call", _calling(tf.identity), f"{kind} → left out"
    if kind in _STATISTICS:
        yield "call", _calling(_scaled(layer)), f"{kind} → its scale and offset"


def _calling(function: Callable) -> Callable:
    """Wraps a function of one tensor as a layer's `call`, which may be given more."""

    @tf.autograph.experimental.do_not_convert
    def call(inputs: Any, *args: Any, **kwargs: Any) -> Any:
        return function(tf.cast(inputs, tf.float32) if inputs.dtype.is_integer else inputs)

    return call


def _scaled(layer: Any) -> Callable:
    """A normalisation by the example's own statistics, with these taken as 0 and 1."""
    gamma, beta = (getattr(layer, n, None) for n in ("gamma", "beta"))
    gamma = getattr(layer, "scale", None) if gamma is None else gamma  # RMSNormalization

    def function(x: tf.Tensor) -> tf.Tensor:
        axes = {axis % x.shape.rank for axis in np.ravel(layer.axis)}
        shape = [n if i in axes else 1 for i, n in enumerate(x.shape)]
        if hasattr(gamma, "shape"):
            x *= tf.reshape(tf.cast(_keras.value_of(gamma), x.dtype), shape)
        if hasattr(beta, "shape"):
            x += tf.reshape(tf.cast(_keras.value_of(beta), x.dtype), shape)
        return x

    return function
