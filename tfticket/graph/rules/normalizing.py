"""Normalisations: all are followed but those that take a mean over channels."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfticket.graph.call import Call, UnsupportedLayer
from tfticket.graph.channel_flow import ChannelFlow, unknown
from tfticket.graph.record import MeanSquare
from tfticket.graph.rules.activating import through
from tfticket.graph.rules.summing import adds_up

__all__ = ["RULES", "divided_by_norm"]


def _batch_normalization(call: Call) -> list[ChannelFlow]:
    call.require("gamma", "beta", "moving_mean", "moving_variance")
    axis = call.layer.axis
    (axis,) = axis if isinstance(axis, (list, tuple)) else (axis,)
    flow = call.on_axis(call.flow, axis)
    for name in ("gamma", "beta", "moving_mean", "moving_variance"):
        call.mark(name, flow.channels)
    constants = flow.constants
    if call.value("moving_mean") is not None:
        deviation = np.sqrt(_value(call, "moving_variance", 1.0) + call.layer.epsilon)
        slope = _value(call, "gamma", 1.0) / deviation
        kept = call.mask("gamma")
        varying = _times(constants - call.value("moving_mean"), slope, kept)
        constants = varying + _value(call, "beta", 0.0)
        if call.kwargs.get("training"):  # the statistics are then those of the batch
            constants = unknown(flow.channels.size)
    return [flow.having(flow.shape, constants=constants)]


def _group_normalization(call: Call) -> list[ChannelFlow]:
    """Whole groups may go: the statistics of the others stay as they are."""
    call.require("gamma", "beta")
    flow = call.on_axis(call.flow, call.layer.axis)
    groups = flow.channels.size if call.layer.groups == -1 else call.layer.groups
    by_group = flow.channels.reshape(groups, -1)
    call.record.channel_sets.tie(by_group[:, :1], by_group)
    call.resize("groups", by_group[:, 0])
    call.mark("gamma", flow.channels)
    call.mark("beta", flow.channels)
    constants = flow.constants
    if call.state.weights is not None:
        given = constants.reshape(groups, -1)
        deviation = np.sqrt(given.var(1, keepdims=True) + call.layer.epsilon)
        scaled = ((given - given.mean(1, keepdims=True)) / deviation).ravel()
        constants = _times(scaled, _value(call, "gamma", 1.0), call.mask("gamma"))
        constants = constants + _value(call, "beta", 0.0)
    return [flow.having(flow.shape, constants=constants)]


def _layer_normalization(call: Call) -> list[ChannelFlow]:
    """No gamma, beta or epsilon makes up for a channel of zeros that the mean lacks."""
    flow = call.flow
    if flow.axis in _axes(call.layer.axis, flow.rank):
        raise UnsupportedLayer("it takes its mean and variance over the channels")
    return [flow.having(flow.shape, constants=unknown(flow.channels.size))]


def _rms_normalization(call: Call) -> list[ChannelFlow]:
    """Only channels that are 0 may go; the scale and epsilon make up for their number."""
    call.require("scale")
    flow = call.flow
    if _axes(call.layer.axis, flow.rank) != [flow.axis]:
        raise UnsupportedLayer("it takes its mean over other axes than the channels")
    path = call.path_of("scale")
    call.mark("scale", flow.channels)
    adds_up(call, flow, flow.channels, path=path)
    mean = MeanSquare(call.path, path, flow.channels, call.layer.epsilon)
    call.record.means.append(mean)
    constants = np.where(flow.constants == 0, 0, np.nan)
    if (kept := call.mask("scale")) is not None:
        constants = np.where(kept, constants, 0)
    return [flow.having(flow.shape, constants=constants)]


def divided_by_norm(call: Call, axis: Any) -> list[ChannelFlow]:
    """Follows a division by a norm: over channels, only those that are 0 may go.

    Args:
        call: of the layer or operation.
        axis: over which it is taken, or several.
    """
    flow = call.flow
    if axis is None or flow.axis in _axes(axis, flow.rank):
        adds_up(call, flow, flow.channels)
    return [flow.having(flow.shape, constants=np.where(flow.constants == 0, 0, np.nan))]


def _unit_normalization(call: Call) -> list[ChannelFlow]:
    return divided_by_norm(call, call.layer.axis)


def _axes(axis: Any, rank: int) -> list[int]:
    axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    return [a if a < 0 else a - rank for a in axes]


def _normalization(call: Call) -> list[ChannelFlow]:
    raise UnsupportedLayer("it holds statistics of its inputs")


def _rescaling(call: Call) -> list[ChannelFlow]:
    layer = call.layer
    if np.size(layer.scale) != 1 or np.size(layer.offset) != 1:
        raise UnsupportedLayer("it scales every channel by a number of its own")
    flow = call.flow
    return [flow.having(flow.shape, constants=through(layer, flow.constants))]


def _layer_scale(call: Call) -> list[ChannelFlow]:
    """What `keras.applications.convnext` multiplies each channel by."""
    ((name, _),) = call.layer_weights()  # Keras 3 numbers its name through the process
    flow = call.on_axis(call.flow, -1)
    call.mark(name, flow.channels)
    gamma = call.value(name)
    constants = flow.constants if gamma is None else _times(flow.constants, gamma, call.mask(name))
    return [flow.having(flow.shape, constants=constants)]


def _value(call: Call, name: str, default: float) -> Any:
    return call.value(name) if call.has(name) else default


def _times(values: np.ndarray, slope: Any, kept: np.ndarray | None) -> np.ndarray:
    """Multiplies; what is masked gives 0 whatever it is multiplied with."""
    product = values * slope
    return product if kept is None else np.where(kept, product, 0)


RULES = {
    "BatchNormalization": _batch_normalization,
    "GroupNormalization": _group_normalization,
    "LayerNormalization": _layer_normalization,
    "LayerScale": _layer_scale,
    "Normalization": _normalization,
    "RMSNormalization": _rms_normalization,
    "Rescaling": _rescaling,
    "UnitNormalization": _unit_normalization,
}
