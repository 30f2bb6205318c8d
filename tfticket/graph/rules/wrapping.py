"""TimeDistributed and Bidirectional: the layer inside is followed as if it stood alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tfticket.graph.call import Call, UnsupportedLayer
from tfticket.graph.channel_flow import ChannelFlow
from tfticket.graph.rules.merging import merged, product

__all__ = ["RULES"]

_MERGING = {"sum": np.add, "mul": product, "ave": lambda x, y: (x + y) / 2}


def _time_distributed(call: Call) -> list[ChannelFlow]:
    flow = call.flow
    if flow.axis == 1 - flow.rank:
        raise UnsupportedLayer("its channels are the steps")
    if call.kwargs.get("training"):
        raise UnsupportedLayer("it is told to train always")
    steps = flow.shape[1]
    each = flow.having((flow.shape[0], *flow.shape[2:]))
    shape = call.shapes[0]
    inner = call.inside(call.layer.layer, each, shapes=[(shape[0], *shape[2:])])
    before = len(call.record.work)
    (made,) = call.follow(inner)
    work = call.record.work[before:]
    call.record.work[before:] = [replace(w, count=w.count * (steps or 1)) for w in work]
    return [made.having(shape)]


def _bidirectional(call: Call) -> list[ChannelFlow]:
    layer, mode = call.layer, call.layer.merge_mode
    if len(call.inputs) != 1 or len(call.shapes) != 1:
        raise UnsupportedLayer("states go in or out of it")
    shape = call.shapes[0]
    half = shape[-1] // 2 if mode == "concat" and shape[-1] else shape[-1]
    shapes = [(*shape[:-1], half)]
    forward, backward = (
        call.follow(call.inside(one, call.flow, shapes=shapes))[0]
        for one in (layer.forward_layer, layer.backward_layer)
    )
    if forward.channels.size != backward.channels.size:
        raise UnsupportedLayer("its directions have different numbers of units")
    # One configuration may stand for both directions, so both keep the same units.
    call.record.channel_sets.tie(forward.channels, backward.channels)
    if mode == "concat":
        channels = np.concatenate([forward.channels, backward.channels])
        return [
            ChannelFlow(
                shape, -1, channels, np.concatenate([forward.constants, backward.constants])
            )
        ]
    if mode not in _MERGING:
        raise UnsupportedLayer(f"its merge_mode is {mode!r}")
    function: Any = _MERGING[mode]
    return [merged(call, [forward, backward], function)]


RULES = {"Bidirectional": _bidirectional, "TimeDistributed": _time_distributed}
