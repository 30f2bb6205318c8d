"""Flatten, Reshape, Permute and RepeatVector: values move, nothing is computed."""

from __future__ import annotations

import numpy as np

from tfticket.graph.call import Call, UnsupportedLayer
from tfticket.graph.channel_flow import ChannelFlow

__all__ = ["RULES", "reshaped_to"]


def _flatten(call: Call) -> list[ChannelFlow]:
    flow = call.flow
    is_first = getattr(call.layer, "data_format", None) == "channels_first" and flow.rank > 2

    def flattened(array: np.ndarray) -> np.ndarray:
        return (np.moveaxis(array, 0, -1) if is_first else array).reshape(-1)

    if call.shapes[0][-1] is None or None in flow.shape[1:]:
        raise UnsupportedLayer("the length of what it flattens is not known")
    return [flow.rearranged(call.shapes[0], flattened, call.record.channel_sets)]


def reshaped_to(call: Call, target: tuple[int, ...]) -> ChannelFlow:
    """Follows the channels into another shape.

    Args:
        call: of the layer or operation.
        target: the shape of one example; -1 for a length that follows from the others.

    Raises:
        UnsupportedLayer: if lengths are not known that it depends on.
    """
    if None in call.flow.shape[1:] and (target[-1] in (None, -1) or call.flow.axis != -1):
        raise UnsupportedLayer("the lengths of what it reshapes are not known")
    return call.flow.rearranged(
        call.shapes[0], lambda array: array.reshape(target), call.record.channel_sets
    )


def _reshape(call: Call) -> list[ChannelFlow]:
    target = tuple(call.layer.target_shape)
    reshaped = reshaped_to(call, target)
    if target[reshaped.axis] != -1:
        call.resize("target_shape", reshaped.channels, reshaped.axis)
    return [reshaped]


def _permute(call: Call) -> list[ChannelFlow]:
    dims = tuple(call.layer.dims)
    where = dims.index(call.flow.rank + call.flow.axis)
    return [call.flow.having(call.shapes[0], axis=where - len(dims))]


def _repeat_vector(call: Call) -> list[ChannelFlow]:
    return [call.flow.having(call.shapes[0])]


RULES = {
    "Flatten": _flatten,
    "Permute": _permute,
    "RepeatVector": _repeat_vector,
    "Reshape": _reshape,
}
