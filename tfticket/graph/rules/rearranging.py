"""Flatten, Reshape, Permute and RepeatVector: values move, nothing is computed."""

from __future__ import annotations

import numpy as np

from tfticket.graph.call import Call, NotFollowed
from tfticket.graph.flow import Flow

__all__ = ["RULES"]


def _flatten(call: Call) -> list[Flow]:
    flow = call.flow
    is_first = getattr(call.layer, "data_format", None) == "channels_first" and flow.rank > 2

    def flattened(array: np.ndarray) -> np.ndarray:
        return (np.moveaxis(array, 0, -1) if is_first else array).reshape(-1)

    if call.shapes[0][-1] is None or None in flow.shape[1:]:
        raise NotFollowed("the length of what it flattens is not known")
    return [flow.rearranged(call.shapes[0], flattened, call.record.atoms)]


def _reshape(call: Call) -> list[Flow]:
    target = tuple(call.layer.target_shape)
    if None in call.flow.shape[1:] and (target[-1] in (None, -1) or call.flow.axis != -1):
        raise NotFollowed("the lengths of what it reshapes are not known")
    reshaped = call.flow.rearranged(
        call.shapes[0], lambda array: array.reshape(target), call.record.atoms
    )
    if target[reshaped.axis] != -1:
        call.resize("target_shape", reshaped.atoms, reshaped.axis)
    return [reshaped]


def _permute(call: Call) -> list[Flow]:
    dims = tuple(call.layer.dims)
    where = dims.index(call.flow.rank + call.flow.axis)
    return [call.flow.having(call.shapes[0], axis=where - len(dims))]


def _repeat_vector(call: Call) -> list[Flow]:
    return [call.flow.having(call.shapes[0])]


RULES = {
    "Flatten": _flatten,
    "Permute": _permute,
    "RepeatVector": _repeat_vector,
    "Reshape": _reshape,
}
