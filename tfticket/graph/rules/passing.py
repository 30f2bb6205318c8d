"""Layers that work at every position or across positions, and on each channel by itself."""

from __future__ import annotations

import numpy as np

from tfticket.graph.call import Call
from tfticket.graph.channel_flow import ChannelFlow
from tfticket.graph.rules.convolving import channels_axis

__all__ = ["AVERAGING", "RULES"]

#: These give a constant image back as it is, their weights adding up to 1.
AVERAGING = ("nearest", "bilinear", "area")


def _same(call: Call) -> list[ChannelFlow]:
    """Pooling, cropping: a channel that is constant stays so."""
    flow = call.on_axis(call.flow, channels_axis(call.layer, call.flow.rank))
    return [_onto(call, flow)]


def _padding(call: Call) -> list[ChannelFlow]:
    """Zeros around a constant other than 0: it is one no more."""
    flow = call.on_axis(call.flow, channels_axis(call.layer, call.flow.rank))
    constants = np.where(flow.constants == 0, 0, np.nan)
    border = flow.constants if type(call.layer).__name__.startswith("ZeroPadding") else None
    return [flow.having(call.shapes[0], constants=constants, border=border)]


def _resizing(call: Call) -> list[ChannelFlow]:
    layer = call.layer
    is_averaging = getattr(layer, "interpolation", "nearest") in AVERAGING
    if not is_averaging or getattr(layer, "pad_to_aspect_ratio", False):
        return _padding(call)
    return _same(call)


def _onto(call: Call, flow: ChannelFlow) -> ChannelFlow:
    """Puts the channels into the shape of the output: at the end if positions are gone."""
    shape = call.shapes[0]
    axis = flow.axis if len(shape) == flow.rank else -1
    return flow.having(shape, axis=axis)


_DIMENSIONS = (1, 2, 3)
RULES = {
    **{f"{k}Pooling{n}D": _same for k in ("Max", "Average") for n in _DIMENSIONS},
    **{f"Global{k}Pooling{n}D": _same for k in ("Max", "Average") for n in _DIMENSIONS},
    **{f"Adaptive{k}Pooling{n}D": _same for k in ("Max", "Average") for n in _DIMENSIONS},
    **{f"Cropping{n}D": _same for n in _DIMENSIONS},
    **{f"ZeroPadding{n}D": _padding for n in _DIMENSIONS},
    **{f"UpSampling{n}D": _resizing for n in _DIMENSIONS},
    "CenterCrop": _same,
    "Resizing": _resizing,
}
