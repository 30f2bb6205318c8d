"""Operations that stand in a graph without a layer: `x + y`, `x[:, 0]`, `keras.ops`, Lambda."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfticket.graph.call import Call, UnsupportedLayer
from tfticket.graph.channel_flow import ChannelFlow
from tfticket.graph.elementwise import is_elementwise
from tfticket.graph.rules.merging import concatenated, merged
from tfticket.graph.stating import resize_stated

__all__ = ["OPERATIONS", "RULES", "anything"]


def anything(call: Call) -> list[ChannelFlow]:
    """Follows whatever has no rule of its own, if it can be shown to be elementwise.

    Raises:
        UnsupportedLayer: if not.
    """
    flows = call.inputs
    if getattr(call.layer, "weights", None):
        raise UnsupportedLayer("it is a layer with weights of its own kind")
    if not flows or len(call.shapes) != 1 or len(call.shapes[0]) < 2:
        raise UnsupportedLayer("it is not known")
    if any(f.rank != len(call.shapes[0]) for f in flows):
        raise UnsupportedLayer("it is not known to treat each channel by itself")
    function = _function(call)
    if not is_elementwise(function, [f.shape for f in flows]):
        raise UnsupportedLayer("it is not known to treat each channel by itself")
    made = merged(call, flows, lambda *constants: _applied(function, constants))
    resize_stated(call, made)
    return [made]


def indexed(call: Call) -> list[ChannelFlow]:
    """Follows `x[:, 0]` and the like, where all channels are taken.

    Raises:
        UnsupportedLayer: if some are left out, or the batch is touched.
    """
    given = [*call.args, *call.kwargs.values()]
    flow, key = given[0], given[1]
    key = [_slice(k) for k in (key if isinstance(key, (list, tuple)) else (key,))]
    if any(isinstance(k, ChannelFlow) or k is None for k in key) or not isinstance(
        flow, ChannelFlow
    ):
        raise UnsupportedLayer("it is indexed by tensors or given new axes")
    if Ellipsis in key:
        at = key.index(Ellipsis)
        key[at : at + 1] = [slice(None)] * (flow.rank - len(key) + 1)
    key += [slice(None)] * (flow.rank - len(key))
    if key[0] != slice(None) or key[flow.axis] != slice(None):
        raise UnsupportedLayer("it takes some of the channels or examples")
    gone = sum(not isinstance(k, slice) for k in key[flow.rank + flow.axis :])
    return [flow.having(call.shapes[0], axis=flow.axis + gone)]


def reduced(call: Call) -> list[ChannelFlow]:
    """Follows a mean or maximum over positions.

    Raises:
        UnsupportedLayer: if it is taken over channels or examples.
    """
    flow, axes = call.flow, getattr(call.layer, "axis", None)
    if axes is None or len(call.inputs) != 1:
        raise UnsupportedLayer("it is taken over everything")
    axes = axes if isinstance(axes, (list, tuple)) else [axes]
    axes = [a if a < 0 else a - flow.rank for a in axes]
    if flow.axis in axes or -flow.rank in axes:
        raise UnsupportedLayer("it is taken over channels or examples")
    later = 0 if call.layer.keepdims else sum(a > flow.axis for a in axes)
    return [flow.having(call.shapes[0], axis=flow.axis + later)]


def joined(call: Call) -> list[ChannelFlow]:
    """Follows `keras.ops.concatenate`."""
    return [concatenated(call, call.inputs, call.layer.axis)]


def _function(call: Call) -> Callable:
    """The operation as a function of its tensors alone."""

    def function(*tensors: Any) -> Any:
        left = list(tensors)
        args, kwargs = tf.nest.map_structure(
            lambda v: left.pop(0) if isinstance(v, ChannelFlow) else v,
            (call.args, tuple(call.kwargs.values())),
        )
        return call.layer(*args, **dict(zip(call.kwargs, kwargs, strict=True)))

    return function


def _applied(function: Callable, constants: tuple[np.ndarray, ...]) -> np.ndarray:
    known = np.isfinite(constants).all(0)
    if not known.any():
        return np.full(known.size, np.nan)
    filled = [tf.constant(np.where(known, c, 0)[None], tf.float32) for c in constants]
    return np.where(known, np.asarray(tf.cast(function(*filled), tf.float32))[0], np.nan)


def _slice(key: Any) -> Any:
    """tf_keras writes slices as mappings."""
    if isinstance(key, dict):
        return slice(key.get("start"), key.get("stop"), key.get("step"))
    return key


#: By the names of Keras 3's operations.
OPERATIONS = {
    "Concatenate": joined,
    "GetItem": indexed,
    "Max": reduced,
    "Mean": reduced,
    "Min": reduced,
}
#: By the names of tf_keras' layers for them.
RULES = {"SlicingOpLambda": indexed}
