"""Which layers only ever get numbers that are not negative: these need half of the candidates."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfticket import _keras
from tfticket.cloning import can_clone
from tfticket.kinds import kind
from tfticket.nodes import ends, nodes

__all__ = ["signed_layers"]

_NONNEGATIVE = {"relu", "relu6", "sigmoid", "softmax", "softplus", "exponential", "hard_sigmoid"}
#: Layers whose outputs are not negative if their inputs are not.
_KEEPING = {
    *("Activation", "Flatten", "Reshape", "Permute", "Dropout", "SpatialDropout2D"),
    *("MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D"),
    *("GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D"),
    *("GlobalMaxPooling2D", "ZeroPadding2D", "Cropping2D", "UpSampling2D", "Concatenate", "Add"),
}
#: Interpolations that never overshoot.
_BETWEEN = ("nearest", "bilinear")


def signed_layers(model: Any, *, nonnegative_inputs: bool) -> set[str]:
    """Returns the paths of layers that may be called with negative numbers.

    Args:
        model: a built Sequential or functional model of either Keras.
        nonnegative_inputs: whether the model's own inputs are never negative.
    """
    paths = {id(layer): path for path, layer, _ in _keras.walk(model)}
    signed: set[str] = set()
    _follow(model, [nonnegative_inputs for _ in ends(model)[0]], paths, signed)
    return signed


def _follow(model: Any, given: list[bool], paths: dict[int, str], signed: set[str]) -> list[bool]:
    """Tells of each output of a model whether it is never negative."""
    inputs, outputs = ends(model)
    known = dict(zip(map(id, inputs), given, strict=True))
    for node in nodes(model):
        tensors = tf.nest.flatten((node.args, node.kwargs))
        own = [known[id(t)] for t in tensors if id(t) in known]
        if not all(own):
            signed.add(paths.get(id(node.operation), ""))
        if can_clone(node.operation):
            made = _follow(node.operation, own, paths, signed)
        else:
            made = [_is_nonnegative(node.operation, own)] * len(node.outputs)
        known.update(zip(map(id, node.outputs), made, strict=True))
    return [known[id(t)] for t in outputs]


def _is_nonnegative(layer: Any, given: list[bool]) -> bool:
    if kind(layer) == "ReLU":
        return not layer.negative_slope
    activation = getattr(layer, "activation", None)
    if kind(layer) == "Softmax" or _is_function(activation, layer, _NONNEGATIVE):
        return True
    is_kept = kind(layer) in _KEEPING and getattr(layer, "interpolation", "nearest") in _BETWEEN
    kept = is_kept and bool(given) and all(given)
    if _keras.is_layer(activation):
        return _is_nonnegative(activation, [kept])
    return kept and (activation is None or _is_function(activation, layer, {"linear"}))


def _is_function(activation: Any, layer: Any, names: set[str]) -> bool:
    """Tells whether it is a function of Keras or TensorFlow of one of these names."""
    own = getattr(activation, "__name__", "")
    homes = (_keras.module(layer).activations, tf.nn)
    return own in names and any(getattr(home, own, None) is activation for home in homes)
