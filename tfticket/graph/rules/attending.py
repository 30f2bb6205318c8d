"""MultiHeadAttention: a head is a channel; the inputs and the output have theirs. Attention."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf

from tfticket import _keras
from tfticket.graph.call import Call, UnsupportedLayer
from tfticket.graph.channel_flow import ChannelFlow, unknown
from tfticket.graph.rules.merging import product
from tfticket.graph.rules.summing import Kernel, adds_up, constant_sums, count, sums_over

__all__ = ["RULES"]

_NAMES = ("query", "value", "key")


def _attention(call: Call) -> list[ChannelFlow]:
    given = dict(zip(_NAMES, call.args, strict=False)) | call.kwargs
    given = {n: given.get(n) for n in _NAMES}
    given["key"] = given["value"] if given["key"] is None else given["key"]
    flows = {n: f for n, f in given.items() if isinstance(f, ChannelFlow)}
    if len(flows) < len(_NAMES):
        raise UnsupportedLayer("it is not called with tensors")
    parts = {n: _part(call, n) for n in (*_NAMES, "attention_output")}
    if getattr(call.layer, "_use_gate", False) or len(call.shapes) != 1:
        raise UnsupportedLayer("its gate or its attention scores are used")
    others = [f for f in call.inputs if not any(f is g for g in flows.values())]
    if others:
        call.refuse("a mask is given", *others)
    if len(dict(parts["attention_output"].layer_weights())["kernel"].shape) != 3:
        raise UnsupportedLayer("its output has several axes of channels")
    heads = _heads(call, parts)
    values = {}
    for name in _NAMES:
        flow = call.on_axis(flows[name], -1)
        values[name] = _project(parts[name], flow, heads)
        call.resize(f"{name}_shape", flow.channels, -1)  # tf_keras remembers it
    _count_products(call, parts, flows)
    return [_output(call, parts["attention_output"], heads, values["value"])]


def _part(call: Call, name: str) -> Call:
    """The projection inside the layer that goes by that name."""
    attribute = "_output_dense" if name == "attention_output" else f"_{name}_dense"
    return call.inside(getattr(call.layer, attribute))


def _heads(call: Call, parts: dict[str, Any]) -> np.ndarray:
    """One channel per head, for three kernels `[in, heads, size]` and one `[heads, size, out]`."""
    count_ = parts["query"].length("kernel", -2)
    heads = call.record.made(parts["query"].path_of("kernel"), -2, count_)
    for name in ("value", "key"):
        call.record.mark(parts[name].path_of("kernel"), -2, heads, "out")
    for name in _NAMES:
        parts[name].mark("bias", heads, -2)
    call.record.mark(parts["attention_output"].path_of("kernel"), -3, heads, "in")
    call.resize("num_heads", heads)
    return heads


def _project(part: Call, flow: ChannelFlow, heads: np.ndarray) -> np.ndarray:
    """Follows the inputs into a projection; returns its constants, one per entry of each head."""
    part.record.mark(part.path_of("kernel"), -3, flow.channels, "in")
    size = part.length("kernel", -1)
    kernel = _matrix(part, flow.channels.size)
    bias = "bias" if part.has("bias") else None
    sums_over(part, kernel, flow, np.repeat(heads, size), bias=bias)
    count(part, "kernel", flow.shape[1:-1])
    if kernel.sums is None:
        return unknown(heads.size * size)
    value = part.value("bias") if bias else None
    return constant_sums(kernel, flow.constants, value, is_uniform=True)


def _output(call: Call, part: Call, heads: np.ndarray, values: np.ndarray) -> ChannelFlow:
    """The sum over heads; a mean of equal values, as attention takes, is that value."""
    path, size = part.path_of("kernel"), part.length("kernel", -2)
    outputs = part.record.made(path, -1, part.length("kernel", -1))
    part.mark("bias", outputs)
    call.resize("output_shape", outputs, -1)
    kernel = _matrix(part, heads.size * size)
    inner = ChannelFlow(call.shapes[0], -1, np.repeat(heads, size), values)
    sums_over(part, kernel, inner, outputs, bias="bias" if part.has("bias") else None)
    count(part, "kernel", call.shapes[0][1:-1])
    constants = unknown(outputs.size)
    if kernel.sums is not None:
        bias = part.value("bias") if part.has("bias") else None
        constants = constant_sums(kernel, values, bias, is_uniform=True)
    return ChannelFlow(call.shapes[0], -1, outputs, constants)


def _matrix(part: Call, inputs: int) -> Kernel:
    """A kernel of three axes as a matrix: two of them are inputs or outputs together."""
    value, mask = part.value("kernel"), part.mask("kernel")
    if value is None:
        return Kernel("kernel", None, None)
    support = None if mask is None else mask.reshape(inputs, -1)
    return Kernel("kernel", value.reshape(inputs, -1), support)


def _count_products(call: Call, parts: dict[str, Any], given: dict[str, Any]) -> None:
    """Counts queries times keys, and their weights times values."""
    heads = parts["query"].length("kernel", -2)
    sizes = parts["query"].length("kernel", -1) + parts["value"].length("kernel", -1)
    asking, asked = (
        math.prod(n or 1 for n in given[name].shape[1:-1]) for name in ("query", "value")
    )
    count(call, "", (heads, sizes, asking, asked))


def _similarity(call: Call) -> list[ChannelFlow]:
    """Attention without projections: channels of queries and keys go together, where they add 0."""
    call.require("scale", "concat_score_weight")
    query, value, *rest = (call.on_axis(f, -1) for f in call.inputs)
    key = rest[0] if rest else value
    if len(call.shapes) != 1 or query.channels.size != key.channels.size:
        raise UnsupportedLayer("its attention scores are used")
    call.record.channel_sets.tie(query.channels, key.channels)
    if _has_scale_per_channel(call):
        call.mark("scale", query.channels)
        if _keras.flavour(call.layer) == "tf_keras":  # whose scale is as long as a value
            call.record.channel_sets.tie(query.channels, value.channels)
    if getattr(call.layer, "score_mode", "concat") == "dot":
        adds = product(query.constants, key.constants)
    else:
        adds = np.where((query.constants == 0) & (key.constants == 0), 0, np.nan)
    adds = np.where(adds == 0, 0, np.nan)
    adds_up(call, query.having(query.shape, constants=adds), value.channels)
    asking, asked = (f.shape[1] or 1 for f in (query, value))
    count(call, "", (query.channels.size + value.channels.size, asking, asked))
    constants = value.constants
    if any(m is not None for m in tf.nest.flatten(call.kwargs.get("mask"))):
        constants = np.where(constants == 0, 0, np.nan)
    return [value.having(call.shapes[0], constants=constants)]


def _has_scale_per_channel(call: Call) -> bool:
    """The scale of AdditiveAttention; that of Attention is one number."""
    return call.has("scale") and len(dict(call.layer_weights())["scale"].shape) == 1


RULES = {
    "AdditiveAttention": _similarity,
    "Attention": _similarity,
    "MultiHeadAttention": _attention,
}
