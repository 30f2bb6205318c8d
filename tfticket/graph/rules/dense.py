"""Dense, EinsumDense and Embedding."""

from __future__ import annotations

import re

from tfticket.graph.call import Call, UnsupportedLayer
from tfticket.graph.channel_flow import ChannelFlow, unknown
from tfticket.graph.rules.activating import activated
from tfticket.graph.rules.summing import constant_sums, count, matrices, sums_over

__all__ = ["RULES"]


def _dense(call: Call) -> list[ChannelFlow]:
    call.require("kernel", "bias")
    call_shape = call.shapes[0]
    flow = call.on_axis(call.flow, -1)
    call.record.mark(call.path_of("kernel"), -2, flow.channels, "in")
    outputs = call.record.made(call.path_of("kernel"), -1, call.length("kernel", -1))
    call.mark("bias", outputs)
    kernel = matrices(call, "kernel")
    sums_over(call, kernel, flow, outputs)
    count(call, "kernel", call_shape[1:-1])
    constants = unknown(outputs.size)
    if kernel.sums is not None:
        bias = call.value("bias") if call.has("bias") else None
        constants = constant_sums(kernel, flow.constants, bias, is_uniform=True)
    made = ChannelFlow(call_shape, -1, outputs, constants)
    return [activated(call, made, call.layer.activation)]


def _plain_dense(call: Call) -> list[ChannelFlow]:
    flows = _dense(call)
    call.resize("units", flows[0].channels)
    return flows


def _einsum_dense(call: Call) -> list[ChannelFlow]:
    """One that is a Dense in another notation, such as `"abc,cd->abd"`."""
    equation = call.layer.equation.replace(" ", "")
    given, kernel, output = re.split(",|->", equation)
    is_dense = len(kernel) == 2 and given[-1] == kernel[0] and output[-1] == kernel[1]
    axes = call.layer.bias_axes
    if not is_dense or output[:-1] != given[:-1] or axes not in (None, kernel[1]):
        raise UnsupportedLayer(f"its equation {equation} is not that of a Dense layer")
    if not call.has("bias"):
        raise UnsupportedLayer("it has no bias")  # and takes up none by `use_bias`
    flows = _dense(call)
    call.resize("output_shape", flows[0].channels, -1)
    return flows


def _embedding(call: Call) -> list[ChannelFlow]:
    call.require("embeddings")
    path = call.path_of("embeddings")
    call.refuse("its inputs are indices", call.flow)
    channels = call.record.made(path, -1, call.length("embeddings", -1))
    call.resize("output_dim", channels)
    value, constants = call.value("embeddings"), unknown(channels.size)
    mask = call.mask("embeddings")
    if value is not None and mask is not None:
        constants[~mask.any(0)] = 0
    return [ChannelFlow(call.shapes[0], -1, channels, constants)]


RULES = {"Dense": _plain_dense, "EinsumDense": _einsum_dense, "Embedding": _embedding}
