"""Activations: constants go through what treats each value by itself; all else mixes channels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfticket.graph.call import Call, UnsupportedLayer
from tfticket.graph.channel_flow import ChannelFlow, unknown
from tfticket.graph.elementwise import is_elementwise, is_plain_activation

__all__ = ["RULES", "activated", "identity", "softmax", "through"]


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


def activated(call: Call, flow: ChannelFlow, activation: Any) -> ChannelFlow:
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
    return flow.having(flow.shape, constants=unknown(flow.channels.size))


def identity(call: Call) -> list[ChannelFlow]:
    """What does nothing outside of training, unless it is told to train always."""
    flow = call.flow.having(call.shapes[0])
    if call.kwargs.get("training"):
        return [flow.having(flow.shape, constants=unknown(flow.channels.size))]
    return [flow]


def _activation(call: Call) -> list[ChannelFlow]:
    return [activated(call, call.flow, call.layer.activation)]


def _layer(call: Call) -> list[ChannelFlow]:
    """A layer such as ReLU, which is its own function."""
    call.require()
    flow = call.flow
    return [flow.having(flow.shape, constants=through(call.layer, flow.constants))]


def softmax(call: Call, axis: int | list[int] | tuple[int, ...]) -> list[ChannelFlow]:
    """Follows a softmax.

    Args:
        call: of the layer or operation.
        axis: along which it is taken, or several.

    Raises:
        UnsupportedLayer: if that is the axis of the channels.
    """
    axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    if call.flow.axis in [a if a < 0 else a - call.flow.rank for a in axes]:
        raise UnsupportedLayer("softmax mixes the channels")
    return [call.flow.having(call.flow.shape, constants=unknown(call.flow.channels.size))]


def _softmax(call: Call) -> list[ChannelFlow]:
    return softmax(call, call.layer.axis)


def _prelu(call: Call) -> list[ChannelFlow]:
    call.require("alpha")
    flow = call.flow
    call.mark("alpha", flow.channels, flow.axis)
    alpha = call.value("alpha")
    constants = flow.constants
    if alpha is not None:
        slopes = np.moveaxis(alpha, flow.axis, -1).reshape(-1, flow.channels.size)
        same = (slopes == slopes[0]).all(0)
        below = np.where(same, slopes[0] * constants, np.nan)
        constants = np.where(constants >= 0, constants, below)
    return [flow.having(flow.shape, constants=constants)]


def _noise_shape(call: Call) -> list[ChannelFlow]:
    """Dropout; a noise shape that names the number of channels would have to change."""
    noise = getattr(call.layer, "noise_shape", None)
    if noise is not None and noise[call.flow.axis] not in (None, 1):
        raise UnsupportedLayer("its noise_shape names the number of channels")
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
