"""Operations that stand in a graph without a layer: `x + y`, `keras.ops`, `tf.concat`, Lambda."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from tfticket.graph.call import Call, UnsupportedLayer
from tfticket.graph.channel_flow import ChannelFlow, Lengths, unknown
from tfticket.graph.elementwise import is_elementwise
from tfticket.graph.moving import is_moving
from tfticket.graph.rules.activating import softmax
from tfticket.graph.rules.merging import concatenated, merged
from tfticket.graph.rules.moving import counted, divided, indexed, moved, padded, reshaped
from tfticket.graph.rules.normalizing import divided_by_norm
from tfticket.graph.rules.passing import AVERAGING
from tfticket.graph.stating import resize_stated

__all__ = ["OPERATIONS", "RULES", "anything"]


def anything(call: Call) -> list[ChannelFlow]:
    """Follows whatever has no rule of its own, if it is shown to be elementwise or to move values.

    Raises:
        UnsupportedLayer: if not.
    """
    flows = call.inputs
    if getattr(call.layer, "weights", None):
        raise UnsupportedLayer("it is a layer with weights of its own kind")
    if not flows or any(len(s) < 2 for s in call.shapes) or _is_counted(call):
        raise UnsupportedLayer("it is not known")
    function, shapes = _function(call), [f.shape for f in flows]
    is_alike = len(call.shapes) == 1 and all(f.rank == len(call.shapes[0]) for f in flows)
    if is_alike and is_elementwise(function, shapes):
        made = merged(call, flows, lambda *constants: _applied(function, constants))
        resize_stated(call, made)
        return [made]
    if is_moving(function, shapes):
        return moved(call, function)
    raise UnsupportedLayer("it is not known to treat each channel by itself")


def reduced(call: Call) -> list[ChannelFlow]:
    """Follows a sum, mean or maximum over positions.

    Raises:
        UnsupportedLayer: if it is taken over channels or examples.
    """
    flow, axes = call.flow, call.stated("axis")
    if axes is None or len(call.inputs) != 1:
        raise UnsupportedLayer("it is taken over everything")
    axes = axes if isinstance(axes, (list, tuple)) else [axes]
    axes = [a if a < 0 else a - flow.rank for a in axes]
    if flow.axis in axes or -flow.rank in axes:
        raise UnsupportedLayer("it is taken over channels or examples")
    later = 0 if call.stated("keepdims") else sum(a > flow.axis for a in axes)
    return [flow.having(call.shapes[0], axis=flow.axis + later)]


def _added_up(call: Call) -> list[ChannelFlow]:
    """A sum over positions: a constant is counted as often as there are some."""
    (made,) = reduced(call)
    axes = np.ravel(call.stated("axis")).tolist()
    lengths = [call.flow.shape[a] for a in axes]
    times = np.nan if None in lengths else float(np.prod(lengths))  # type: ignore[arg-type]
    constants = np.where(made.constants == 0, 0, made.constants * times)
    return [made.having(made.shape, constants=constants)]


def joined(call: Call) -> list[ChannelFlow]:
    """Follows `keras.ops.concatenate`, `tf.concat`."""
    return [concatenated(call, call.inputs, call.stated("axis"))]


def _pooled(call: Call) -> list[ChannelFlow]:
    """Pooling: a channel that is constant stays so."""
    flow = _with_layout(call)
    window = call.stated("pool_size", "ksize", "window_shape")
    if isinstance(window, (list, tuple)) and len(window) == flow.rank and window[flow.axis] != 1:
        raise UnsupportedLayer("it pools channels")
    return [flow.having(call.shapes[0])]


def _resized(call: Call) -> list[ChannelFlow]:
    flow = _with_layout(call)
    kind = str(call.stated("interpolation", "method", default="bilinear"))
    is_padding = call.stated("pad_to_aspect_ratio", default=False)
    is_averaging = kind in AVERAGING and not is_padding
    constants = flow.constants if is_averaging else np.where(flow.constants == 0, 0, np.nan)
    return [flow.having(call.shapes[0], constants=constants)]


def _with_layout(call: Call) -> ChannelFlow:
    layout = str(call.stated("data_format", default=None) or "channels_last")
    is_first = layout == "channels_first" or layout.startswith("NC")
    return call.on_axis(call.flow, 1 - call.flow.rank if is_first else -1)


def _softmax(call: Call) -> list[ChannelFlow]:
    return softmax(call, call.stated("axis", default=-1))


def _normalized(call: Call) -> list[ChannelFlow]:
    return divided_by_norm(call, call.stated("axis"))


def _mixed(call: Call) -> list[ChannelFlow]:
    raise UnsupportedLayer("it multiplies two activations")


def _is_counted(call: Call) -> bool:
    return any(isinstance(f, Lengths) for f in call.inputs)


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
        return unknown(known.size)
    filled = [tf.constant(np.where(known, c, 0)[None], tf.float32) for c in constants]
    return np.where(known, np.asarray(tf.cast(function(*filled), tf.float32))[0], np.nan)


#: By the names of Keras 3's operations.
OPERATIONS = {
    "AveragePool": _pooled,
    "Concatenate": joined,
    "Einsum": _mixed,
    "GetItem": indexed,
    "Matmul": _mixed,
    "Max": reduced,
    "MaxPool": _pooled,
    "Mean": reduced,
    "Min": reduced,
    "Normalize": _normalized,
    "Pad": padded,
    "Reshape": reshaped,
    "Resize": _resized,
    "Softmax": _softmax,
    "Split": divided,
    "Sum": _added_up,
}
#: By the names of TensorFlow's functions, as tf_keras keeps them.
_FUNCTIONS = {
    **{f"nn.{k}_pool{n}": _pooled for k in ("avg", "max") for n in ("", "1d", "2d", "3d")},
    "concat": joined,
    "image.resize": _resized,
    "linalg.matmul": _mixed,
    "math.l2_normalize": _normalized,
    "math.reduce_max": reduced,
    "math.reduce_mean": reduced,
    "math.reduce_min": reduced,
    "math.reduce_sum": _added_up,
    "nn.softmax": _softmax,
    "pad": padded,
    "reshape": reshaped,
    "shape": counted,
    "split": divided,
}


def _function_of_tensorflow(call: Call) -> list[ChannelFlow]:
    name = str(getattr(call.layer, "symbol", "")).removeprefix("compat.v1.")
    if name not in _FUNCTIONS or (name != "reshape" and _is_counted(call)):
        return anything(call)
    first, *names = inspect.signature(call.layer.function).parameters
    given = {first: call.kwargs[first]} if first in call.kwargs else {}
    args = call.args or tuple(given.values())
    options = {k: v for k, v in call.kwargs.items() if k not in given}
    options |= zip(names, args[1:], strict=False)
    return _FUNCTIONS[name](replace(call, args=args[:1], kwargs=options))


#: By the names of tf_keras' layers for them.
RULES = {"SlicingOpLambda": indexed, "TFOpLambda": _function_of_tensorflow}
