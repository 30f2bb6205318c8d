"""Activations: constants go through what treats each value by itself; all else mixes channels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfticket.graph.call import Call, NotFollowed
from tfticket.graph.elementwise import is_elementwise, is_plain_activation
from tfticket.graph.flow import Flow, unknown

__all__ = ["RULES", "activated", "identity", "through"]


def through(function: Callable, constants: np.ndarray) -> np.ndarray:
    """Applies an elementwise function to those constants that are known.

    Args:
        function: takes and returns a tensor.
        constants: NaN where not known.
    """
    known = np.isfinite(constants)
    if not known.any():
        return constants
    values = function(tf.constant(np.where(known, constants, 0)[None], tf.float32))
    return np.where(known, np.asarray(tf.cast(values, tf.float32))[0], np.nan)


def activated(call: Call, flow: Flow, activation: Any) -> Flow:
    """Follows a tensor through a layer's activation function.

    Args:
        call: of the layer.
        flow: the tensor.
        activation: the function; `None` for none.

    Returns:
        The same channels; they stay if the activation is not known to treat each by itself.
    """
    if activation is None:
        return flow
    if is_plain_activation(activation) or is_elementwise(activation, [flow.shape]):
        return flow.having(flow.shape, constants=through(activation, flow.constants))
    name = getattr(activation, "__name__", activation)
    call.refuse(f"its activation {name} is not known to treat each channel by itself", flow)
    return flow.having(flow.shape, constants=unknown(flow.atoms.size))


def identity(call: Call) -> list[Flow]:
    """What does nothing outside of training, unless it is told to train always."""
    flow = call.flow.having(call.shapes[0])
    if call.kwargs.get("training"):
        return [flow.having(flow.shape, constants=unknown(flow.atoms.size))]
    return [flow]


def _activation(call: Call) -> list[Flow]:
    return [activated(call, call.flow, call.layer.activation)]


def _layer(call: Call) -> list[Flow]:
    """A layer such as ReLU, which is its own function."""
    call.require()
    flow = call.flow
    return [flow.having(flow.shape, constants=through(call.layer, flow.constants))]


def _softmax(call: Call) -> list[Flow]:
    axis = call.layer.axis
    axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    if call.flow.axis in [a if a < 0 else a - call.flow.rank for a in axes]:
        raise NotFollowed("softmax mixes the channels")
    return [call.flow.having(call.flow.shape, constants=unknown(call.flow.atoms.size))]


def _prelu(call: Call) -> list[Flow]:
    call.require("alpha")
    flow = call.flow
    call.mark("alpha", flow.atoms, flow.axis)
    alpha = call.value("alpha")
    constants = flow.constants
    if alpha is not None:
        slopes = np.moveaxis(alpha, flow.axis, -1).reshape(-1, flow.atoms.size)
        same = (slopes == slopes[0]).all(0)
        below = np.where(same, slopes[0] * constants, np.nan)
        constants = np.where(constants >= 0, constants, below)
    return [flow.having(flow.shape, constants=constants)]


def _noise_shape(call: Call) -> list[Flow]:
    """Dropout; a noise shape that names the number of channels would have to change."""
    noise = getattr(call.layer, "noise_shape", None)
    if noise is not None and noise[call.flow.axis] not in (None, 1):
        raise NotFollowed("its noise_shape names the number of channels")
    return identity(call)


RULES = {
    "Activation": _activation,
    "ActivityRegularization": identity,
    "AlphaDropout": _noise_shape,
    "Dropout": _noise_shape,
    "ELU": _layer,
    "GaussianDropout": identity,
    "GaussianNoise": identity,
    "Identity": identity,
    "LeakyReLU": _layer,
    "PReLU": _prelu,
    "ReLU": _layer,
    "Softmax": _softmax,
    "SpatialDropout1D": identity,
    "SpatialDropout2D": identity,
    "SpatialDropout3D": identity,
    "StochasticDepth": identity,
    "ThresholdedReLU": _layer,
}
