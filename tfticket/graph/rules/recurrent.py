"""SimpleRNN, GRU and LSTM: a unit is a channel, with its columns in every gate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tfticket.graph.call import Call, UnsupportedLayer
from tfticket.graph.channel_flow import ChannelFlow, unknown
from tfticket.graph.rules.activating import through
from tfticket.graph.rules.summing import count, matrices, sums_over

__all__ = ["RULES"]

#: Which gate holds the candidate: where it is constantly 0, so is a state that began at 0.
_CANDIDATE = {"SimpleRNN": 0, "GRU": 2, "LSTM": 2}
_GATES = {"SimpleRNN": 1, "GRU": 3, "LSTM": 4}


def _recurrent(call: Call) -> list[ChannelFlow]:
    kind = type(call.layer).__name__
    cell = call.inside(call.layer.cell)
    cell.require("kernel", "recurrent_kernel", "bias")
    gates = _GATES[kind]
    flow, states = call.on_axis(call.flow, -1), call.inputs[1:]
    units = _units(cell, gates)
    call.resize("units", units)
    cell.record.mark(cell.path_of("kernel"), -2, flow.channels, "in")
    cell.record.mark(cell.path_of("recurrent_kernel"), -2, units, "in")
    cell.mark("bias", np.tile(units, gates))
    for state in states:
        if state.rank != 2:
            raise UnsupportedLayer("it is called with something else than states")
        cell.record.channel_sets.tie(units, state.channels)
    constants = _constants(cell, flow, kind)
    for state in states:
        constants = np.where(state.constants == 0, constants, np.nan)
    _sum(cell, flow, units, constants, gates)
    steps = flow.shape[1:-1]
    count(cell, "kernel", steps)
    count(cell, "recurrent_kernel", steps)
    return [ChannelFlow(s, -1, units, constants) for s in call.shapes]


def _units(cell: Call, gates: int) -> np.ndarray:
    """The units, as both kernels make them, once per gate."""
    units = None
    for name in ("kernel", "recurrent_kernel"):
        path, length = cell.path_of(name), cell.length(name, -1)
        if (path, -1) not in cell.record.axes:
            units = cell.record.channel_sets.fresh(length // gates) if units is None else units
            cell.record.mark(path, -1, np.tile(units, gates), "out")
        units = cell.record.axes[path, -1].channels[: length // gates]
    assert units is not None
    return units


def _constants(cell: Call, flow: ChannelFlow, kind: str) -> np.ndarray:
    """A unit of which nothing enters the candidate, and to which no bias is added, stays at 0."""
    units = cell.length("recurrent_kernel", -2)
    if cell.value("kernel") is None or through(cell.layer.activation, np.zeros(1))[0] != 0:
        return unknown(units)
    own = slice(_CANDIDATE[kind] * units, (_CANDIDATE[kind] + 1) * units)
    is_silent = np.ones(units, np.bool_)
    for name in ("kernel", "recurrent_kernel"):
        mask = cell.mask(name)
        enters = np.ones((cell.length(name, -2), units), np.bool_) if mask is None else mask[:, own]
        # An input that is always 0 brings nothing in.
        is_silent &= ~enters[flow.constants != 0 if name == "kernel" else slice(None)].any(0)
    bias = cell.value("bias") if cell.has("bias") else None
    if bias is not None:
        is_silent &= (np.atleast_2d(bias)[:, own] == 0).all(0)
    return np.where(is_silent, 0, np.nan)


def _sum(
    cell: Call, flow: ChannelFlow, units: np.ndarray, constants: np.ndarray, gates: int
) -> None:
    outputs = np.tile(units, gates)
    has_bias = cell.has("bias")
    row = 0 if has_bias and len(_shape_of_bias(cell)) == 2 else None
    bias = "bias" if has_bias else None
    sums_over(cell, matrices(cell, "kernel"), flow, outputs, bias=bias, row=row)
    state = replace(flow, channels=units, constants=constants)
    sums_over(cell, matrices(cell, "recurrent_kernel"), state, outputs, bias=None)


def _shape_of_bias(cell: Call) -> tuple[int, ...]:
    return tuple(dict(cell.layer_weights())["bias"].shape)


RULES = dict.fromkeys(_GATES, _recurrent)
