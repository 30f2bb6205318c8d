"""Layers whose kernel is a product of two thinner ones: `factorization.layers`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfticket.graph.call import Call
from tfticket.graph.channel_flow import ChannelFlow
from tfticket.graph.rules.activating import activated
from tfticket.graph.rules.convolving import channels_axis
from tfticket.graph.rules.summing import constant_sums, count, matrices, sums_over

__all__ = ["RULES"]


@dataclass(frozen=True)
class _Factor:
    """How one of the two is used.

    Args:
        positions: lengths of the axes it is applied along.
        is_uniform: whether every position sees the same sum.
    """

    positions: tuple[int | None, ...]
    is_uniform: bool = True


def _dense(call: Call) -> list[ChannelFlow]:
    factor = _Factor(call.shapes[0][1:-1])
    made = _both(call, -1, factor, factor)
    call.resize("units", made.channels)
    return [made]


def _conv(call: Call) -> list[ChannelFlow]:
    """Along the rows first: its outputs are as high as those of the layer, as wide as its input."""
    layer, flow, outputs = call.layer, call.flow, call.shapes[0]
    axis = channels_axis(layer, flow.rank)
    height, width = (2, 3) if axis == 1 - flow.rank else (1, 2)
    rows, columns = (layer.padding == "valid" or size == 1 for size in layer.kernel_size)
    inner = _Factor((outputs[height], flow.shape[width]), rows and flow.border is None)
    made = _both(call, axis, inner, _Factor((outputs[height], outputs[width]), columns))
    call.resize("filters", made.channels)
    return [made]


def _both(call: Call, axis: int, inner: _Factor, outer: _Factor) -> ChannelFlow:
    """Follows both factors; the channels between them are as many as the rank."""
    call.require("kernel_in", "kernel_out", "bias")
    flow = call.on_axis(call.flow, axis)
    constants = flow.constants if flow.border is None else flow.border
    flow = flow.having(flow.shape, constants=constants)
    middle = _summed(call, "kernel_in", flow, inner)
    call.resize("kernel_rank", middle.channels)
    made = _summed(call, "kernel_out", middle, outer, bias="bias")
    call.mark("bias", made.channels)
    return activated(call, made.having(call.shapes[0]), call.layer.activation)


def _summed(
    call: Call, name: str, flow: ChannelFlow, factor: _Factor, bias: str | None = None
) -> ChannelFlow:
    """What a factor makes of its inputs; only the second has a bias that takes up constants."""
    path = call.path_of(name)
    call.record.mark(path, -2, flow.channels, "in")
    outputs = call.record.made(path, -1, call.length(name, -1))
    count(call, name, factor.positions)
    kernel = matrices(call, name)
    sums_over(call, kernel, flow, outputs, is_uniform=factor.is_uniform, bias=bias)
    constants = np.full(outputs.size, np.nan)
    if kernel.sums is not None:
        added = call.value(bias) if bias is not None and call.has(bias) else None
        constants = constant_sums(kernel, flow.constants, added, is_uniform=factor.is_uniform)
    return ChannelFlow(flow.shape, flow.axis, outputs, constants)


RULES = {"FactorizedConv2D": _conv, "FactorizedDense": _dense}
