"""Layers with several inputs: sums and products tie their channels, concatenation lines them up."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np

from tfticket.graph.call import Call, UnsupportedLayer
from tfticket.graph.channel_flow import ChannelFlow

__all__ = ["RULES", "concatenated", "merged", "product"]


def merged(
    call: Call, flows: list[ChannelFlow], function: Callable[..., np.ndarray]
) -> ChannelFlow:
    """Ties the channels of tensors that are combined value by value.

    Of a tensor with one value for all channels, as a spatial attention has, nothing is tied: that
    one channel stays.

    Args:
        call: of the layer.
        flows: the tensors, which may broadcast.
        function: combines their constants, one `[channels]` array for each.
    """
    shape = call.shapes[0]
    axis = next((f.axis for f in flows if f.channels.size > 1), flows[0].axis)
    length = max(_length(f, axis) for f in flows)
    aligned = [_aligned(call, f, axis, length) for f in flows]
    whole = [f for f in aligned if f.channels.size == length]
    for other in whole[1:]:
        call.record.channel_sets.tie(whole[0].channels, other.channels)
    constants = function(*(np.broadcast_to(f.constants, length) for f in aligned))
    return ChannelFlow(shape, axis, whole[0].channels, constants)


def concatenated(call: Call, flows: list[ChannelFlow], axis: int) -> ChannelFlow:
    """Follows a concatenation.

    Args:
        call: of the layer.
        flows: the tensors.
        axis: along which they are joined.
    """
    shape = call.shapes[0]
    axis = axis if axis < 0 else axis - len(shape)
    along = next((f.axis for f in flows if f.axis != axis), axis)
    if along != axis and all(f.axis == along for f in flows):
        for other in flows[1:]:
            call.record.channel_sets.tie(flows[0].channels, other.channels)
        same = [f.constants == flows[0].constants for f in flows]
        constants = np.where(np.all(same, axis=0), flows[0].constants, np.nan)
        return ChannelFlow(shape, along, flows[0].channels, constants)
    aligned = [call.on_axis(f, axis) for f in flows]
    channels = np.concatenate([f.channels for f in aligned])
    return ChannelFlow(shape, axis, channels, np.concatenate([f.constants for f in aligned]))


def _length(flow: ChannelFlow, axis: int) -> int:
    """Length of a tensor along an axis counted from the end; 1 where it has none."""
    if axis == flow.axis:
        return flow.channels.size
    return (flow.shape[axis] or 1) if -axis < flow.rank else 1


def _aligned(call: Call, flow: ChannelFlow, axis: int, length: int) -> ChannelFlow:
    if flow.axis != axis and -axis >= flow.rank:
        raise UnsupportedLayer("its inputs have different axes")
    flow = call.on_axis(flow, axis)
    if flow.channels.size not in (1, length):
        raise UnsupportedLayer("the numbers of channels of its inputs are not known")
    if flow.channels.size < length:
        call.record.channel_sets.pin(flow.channels, f"{call.path}: one value for all channels")
    return flow


def _rule(function: Callable[..., np.ndarray]) -> Callable[[Call], list[ChannelFlow]]:
    return lambda call: [merged(call, call.inputs, function)]


def _sum(*constants: np.ndarray) -> np.ndarray:
    return reduce(np.add, constants)


def product(*constants: np.ndarray) -> np.ndarray:
    """Multiplies `constants`; zero times whatever varies is zero."""
    is_zero = reduce(np.logical_or, [c == 0 for c in constants])
    return np.where(is_zero, 0, reduce(np.multiply, constants))


def _average(*constants: np.ndarray) -> np.ndarray:
    return _sum(*constants) / len(constants)


def _largest(*constants: np.ndarray) -> np.ndarray:
    return reduce(np.maximum, constants)


def _least(*constants: np.ndarray) -> np.ndarray:
    return reduce(np.minimum, constants)


def _scaled_sum(call: Call) -> list[ChannelFlow]:
    """`inputs[0] + scale * inputs[1]`, in the Inception-ResNet of `keras.applications`."""
    scale = call.layer.scale
    return [merged(call, call.inputs, lambda x, y: x + scale * y)]


def _concatenate(call: Call) -> list[ChannelFlow]:
    return [concatenated(call, call.inputs, call.layer.axis)]


def _dot(call: Call) -> list[ChannelFlow]:
    raise UnsupportedLayer("it multiplies two activations")


RULES = {
    "Add": _rule(_sum),
    "Average": _rule(_average),
    "Concatenate": _concatenate,
    "CustomScaleLayer": _scaled_sum,
    "Dot": _dot,
    "Maximum": _rule(_largest),
    "Minimum": _rule(_least),
    "Multiply": _rule(product),
    "Subtract": _rule(lambda x, y: x - y),
}
