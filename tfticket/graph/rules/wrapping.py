"""TimeDistributed and Bidirectional: the layer inside is followed as if it stood alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tfticket.graph.call import Call, NotFollowed
from tfticket.graph.flow import Flow
from tfticket.graph.rules.merging import merged, product

__all__ = ["RULES"]

_MERGING = {"sum": np.add, "mul": product, "ave": lambda x, y: (x + y) / 2}


def _time_distributed(call: Call) -> list[Flow]:
    flow = call.flow
    if flow.axis == 1 - flow.rank:
        raise NotFollowed("its channels are the steps")
    if call.kwargs.get("training"):
        raise NotFollowed("it is told to train always")
    steps = flow.shape[1]
    each = flow.having((flow.shape[0], *flow.shape[2:]))
    shape = call.shapes[0]
    inner = call.inside(call.layer.layer, each, shapes=[(shape[0], *shape[2:])])
    before = len(call.record.work)
    (made,) = call.follow(inner)
    work = call.record.work[before:]
    call.record.work[before:] = [replace(w, count=w.count * (steps or 1)) for w in work]
    return [made.having(shape)]


def _bidirectional(call: Call) -> list[Flow]:
    layer, mode = call.layer, call.layer.merge_mode
    if len(call.inputs) != 1 or len(call.shapes) != 1:
        raise NotFollowed("states go in or out of it")
    shape = call.shapes[0]
    half = shape[-1] // 2 if mode == "concat" and shape[-1] else shape[-1]
    shapes = [(*shape[:-1], half)]
    forward, backward = (
        call.follow(call.inside(one, call.flow, shapes=shapes))[0]
        for one in (layer.forward_layer, layer.backward_layer)
    )
    if forward.atoms.size != backward.atoms.size:
        raise NotFollowed("its directions have different numbers of units")
    # One configuration may stand for both directions, so both keep the same units.
    call.record.atoms.tie(forward.atoms, backward.atoms)
    if mode == "concat":
        atoms = np.concatenate([forward.atoms, backward.atoms])
        return [Flow(shape, -1, atoms, np.concatenate([forward.constants, backward.constants]))]
    if mode not in _MERGING:
        raise NotFollowed(f"its merge_mode is {mode!r}")
    function: Any = _MERGING[mode]
    return [merged(call, [forward, backward], function)]


RULES = {"Bidirectional": _bidirectional, "TimeDistributed": _time_distributed}
