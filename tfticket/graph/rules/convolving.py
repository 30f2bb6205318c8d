"""Convolutions: plain, grouped, transposed, depthwise and separable."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfticket.graph.call import Call
from tfticket.graph.channel_flow import ChannelFlow, unknown
from tfticket.graph.rules.activating import activated
from tfticket.graph.rules.summing import constant_sums, count, matrices, sums_over

__all__ = ["RULES", "channels_axis"]


def channels_axis(layer: Any, rank: int) -> int:
    """Returns the axis on which a layer looks for the channels, counted from the end.

    Args:
        layer: has a `data_format`, or wants the channels last.
        rank: number of axes of its input, the batch included.
    """
    return 1 - rank if getattr(layer, "data_format", None) == "channels_first" else -1


def _conv(call: Call) -> list[ChannelFlow]:
    call.require("kernel", "bias")
    layer = call.layer
    groups = getattr(layer, "groups", 1)
    flow = call.on_axis(call.flow, channels_axis(layer, call.flow.rank))
    if groups > 1 and call.length("kernel", -2) == 1:
        made = _each_by_itself(call, flow, "kernel", call.length("kernel", -1) // groups)
        call.resize("groups", flow.channels)
        call.resize("filters", made.channels)
        call.mark("bias", made.channels)
        return [activated(call, made, layer.activation)]
    if groups > 1:
        _tie_groups(call, flow.channels, groups)
    per_group = flow.channels.size // groups
    call.record.mark(call.path_of("kernel"), -2, flow.channels[:per_group], "in")
    outputs = call.record.made(call.path_of("kernel"), -1, call.length("kernel", -1))
    if groups > 1:
        _tie_groups(call, outputs, groups)
    _count_positions(call, "kernel", flow.axis)
    return [_summed(call, flow, outputs, (-2, -1), _is_uniform(layer), groups)]


def _transposed(call: Call) -> list[ChannelFlow]:
    call.require("kernel", "bias")
    flow = call.on_axis(call.flow, channels_axis(call.layer, call.flow.rank))
    call.record.mark(call.path_of("kernel"), -1, flow.channels, "in")
    outputs = call.record.made(call.path_of("kernel"), -2, call.length("kernel", -2))
    # Unlike elsewhere, each weight is used once per position of the input.
    count(call, "kernel", _without(flow.shape, flow.axis))
    is_point = max(call.layer.kernel_size) == 1 and max(call.layer.strides) == 1
    return [_summed(call, flow, outputs, (-1, -2), is_point)]


def _summed(
    call: Call,
    flow: ChannelFlow,
    outputs: np.ndarray,
    order: tuple[int, int],
    is_uniform: bool,
    groups: int = 1,
) -> ChannelFlow:
    """What plain and transposed convolutions have in common."""
    call.mark("bias", outputs)
    call.resize("filters", outputs)
    kernel = matrices(call, "kernel", order, groups)
    if flow.border is None:
        sums_over(call, kernel, flow, outputs, is_uniform=is_uniform)
    else:
        inner = flow.having(flow.shape, constants=flow.border)
        sums_over(call, kernel, inner, outputs, is_uniform=False)
    constants = unknown(outputs.size)
    if kernel.sums is not None:
        bias = call.value("bias") if call.has("bias") else None
        constants = constant_sums(kernel, flow.constants, bias, is_uniform=is_uniform)
    made = ChannelFlow(call.shapes[0], flow.axis, outputs, constants)
    return activated(call, made, call.layer.activation)


def _depthwise(call: Call) -> list[ChannelFlow]:
    call.require("kernel", "bias")
    flow = call.on_axis(call.flow, channels_axis(call.layer, call.flow.rank))
    made = _each_by_itself(call, flow, "kernel", call.length("kernel", -1), own_axis=True)
    call.mark("bias", made.channels)
    return [activated(call, made, call.layer.activation)]


def _separable(call: Call) -> list[ChannelFlow]:
    call.require("depthwise_kernel", "pointwise_kernel", "bias")
    flow = call.on_axis(call.flow, channels_axis(call.layer, call.flow.rank))
    times = call.length("depthwise_kernel", -1)
    middle = _each_by_itself(call, flow, "depthwise_kernel", times, own_axis=True, bias=None)
    path = call.path_of("pointwise_kernel")
    call.record.mark(path, -2, middle.channels, "in")
    outputs = call.record.made(path, -1, call.length("pointwise_kernel", -1))
    call.mark("bias", outputs)
    call.resize("filters", outputs)
    _count_positions(call, "pointwise_kernel", flow.axis)
    kernel = matrices(call, "pointwise_kernel")
    sums_over(call, kernel, middle, outputs)
    constants = unknown(outputs.size)
    if kernel.sums is not None:
        bias = call.value("bias") if call.has("bias") else None
        constants = constant_sums(kernel, middle.constants, bias, is_uniform=True)
    made = ChannelFlow(call.shapes[0], flow.axis, outputs, constants)
    return [activated(call, made, call.layer.activation)]


def _each_by_itself(
    call: Call,
    flow: ChannelFlow,
    name: str,
    times: int,
    *,
    own_axis: bool = False,
    bias: str | None = "bias",
) -> ChannelFlow:
    """Follows channels that are convolved without being summed; each gives `times` outputs.

    Args:
        call: of the layer.
        flow: its input.
        name: of its kernel: `[…, in, times]` with an axis of its own, else `[…, 1, in · times]`.
        times: outputs per input.
        own_axis: which of the two.
        bias: name of what is added; `None` for nothing.
    """
    channels = np.repeat(flow.channels, times)
    call.record.mark(
        call.path_of(name), *((-2, flow.channels) if own_axis else (-1, channels)), role="along"
    )
    _count_positions(call, name, flow.axis)
    value, mask, constants = call.value(name), call.mask(name), unknown(channels.size)
    if value is not None:
        sums = value.reshape(-1, channels.size).sum(0, dtype=np.float64)
        kept = np.ones(1) if mask is None else mask.reshape(-1, channels.size).any(0)
        given = np.repeat(flow.constants, times)
        given = np.where((given != 0) & (not _is_uniform(call.layer)), np.nan, given)
        constants = np.where(kept, given * sums, 0)
        if bias is not None and call.has(bias):
            constants = constants + call.value(bias)
    return ChannelFlow(call.shapes[0], flow.axis, channels, constants)


def _is_uniform(layer: Any) -> bool:
    """Whether every output position of a convolution sees inputs and no zeros around them."""
    return layer.padding == "valid" or max(layer.kernel_size) == 1


def _tie_groups(call: Call, channels: np.ndarray, groups: int) -> None:
    """Ties the channels of the same place in every group: groups must stay equally large."""
    by_group = channels.reshape(groups, -1)
    call.record.channel_sets.tie(by_group[:1], by_group)


def _count_positions(call: Call, name: str, axis: int) -> None:
    count(call, name, _without(call.shapes[0], axis))


def _without(shape: tuple[int | None, ...], axis: int) -> tuple[int | None, ...]:
    """The positions of a shape: neither batch nor channels."""
    return tuple(n for a, n in enumerate(shape[1:], 1) if a != axis + len(shape))


RULES = {
    **{f"Conv{n}D": _conv for n in (1, 2, 3)},
    **{f"Conv{n}DTranspose": _transposed for n in (1, 2, 3)},
    **{f"DepthwiseConv{n}D": _depthwise for n in (1, 2)},
    **{f"SeparableConv{n}D": _separable for n in (1, 2)},
}
