"""Follows the channels through a whole model, call by call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfticket import _keras
from tfticket.graph import rules
from tfticket.graph.call import Call, State, UnsupportedLayer, fixed
from tfticket.graph.channel_flow import ChannelFlow
from tfticket.graph.record import Record, Resize
from tfticket.nodes import Node, ends, filled, input_layer, is_network, nodes, shape_of

__all__ = ["OF_THE_OUTPUT", "follow", "paths_of"]

_INPUT = "it is an input of the model"
OF_THE_OUTPUT = "it is an output of the model"


def follow(model: Any, state: State | None = None) -> Record:
    """Finds out which channels there are, where they lie and what is tied to what.

    Args:
        model: a built functional or Sequential model of either Keras.
        state: weights and masks, from which constants follow; `None` if they do not matter.

    Returns:
        A `Record`.

    Raises:
        ValueError: if the model's graph cannot be read.
    """
    if not is_network(model):
        raise ValueError(
            "`model` must be a built functional or Sequential model: only of these can be read"
            f" which layer feeds which. Received: model={getattr(model, 'name', model)!r} of"
            f" {type(model).__module__}.{type(model).__name__}"
        )
    record, state = Record(), state or State()
    inputs, _ = ends(model)
    flows = [fixed(record, shape_of(t), _INPUT) for t in inputs]
    for flow in _through(model, "", flows, record, state, paths_of(model)):
        record.channel_sets.pin(flow.channels, OF_THE_OUTPUT, is_chief=True)
    return record


def paths_of(model: Any) -> dict[int, str]:
    """Returns the path of every layer in a model, by the layer's id."""
    return {id(layer): path for path, layer, _ in _keras.walk(model)}


def _through(
    model: Any,
    path: str,
    flows: list[ChannelFlow],
    record: Record,
    state: State,
    paths: dict[int, str],
) -> list[ChannelFlow]:
    """Follows tensors through a model that may stand inside another."""
    inputs, outputs = ends(model)
    found = dict(zip(map(id, inputs), flows, strict=True))
    for node in nodes(model):
        name = _keras.path_below(path, node.operation.name)
        call = Call(
            layer=node.operation,
            path=paths.get(id(node.operation), name),
            args=filled(node.args, found),
            kwargs={k: filled(v, found) for k, v in node.kwargs.items()},
            shapes=[shape_of(t) for t in node.outputs],
            record=record,
            state=state,
            paths=paths,
            follow=_one,
        )
        found.update(zip(_ids(node), _one(call), strict=True))
    return [found[id(t)] for t in outputs]


def _one(call: Call) -> list[ChannelFlow]:
    """Follows one call; what is not followed keeps all the channels it touches."""
    record, place = call.record, call.record.place()
    for mask in tf.nest.flatten(call.kwargs.get("mask")):
        if isinstance(mask, ChannelFlow):
            record.channel_sets.pin(
                mask.channels, f"{call.path}: it tells which steps to leave out"
            )
    if call.path in record.opaque:
        return _refused(call, record.refused[call.path])
    try:
        return _rule(call)(call)
    except UnsupportedLayer as refusal:
        reason = str(refusal)
    except Exception as error:  # a use of the layer that nobody has thought of
        reason = f"following it failed: {type(error).__name__}: {error}"
    record.go_back(place)
    return _refused(call, reason)


def _refused(call: Call, reason: str) -> list[ChannelFlow]:
    """Keeps all channels of a layer's inputs, outputs and weights: it may be called elsewhere."""
    record = call.record
    record.opaque.add(call.path)
    own = [a.channels for (p, _), a in record.axes.items() if p.startswith(f"{call.path}/")]
    record.refuse(call.path, reason, *(f.channels for f in call.inputs), *own)
    return [call.fixed(s if len(s) > 1 else (*s, 1)) for s in call.shapes]


def _rule(call: Call) -> Callable[[Call], list[ChannelFlow]]:
    if is_network(call.layer):
        return _network
    home, _, rest = type(call.layer).__module__.partition(".")
    name = type(call.layer).__name__
    if home not in (*_keras.FLAVOURS, "tfticket"):
        return rules.anything
    if rest.startswith("src.ops"):
        return rules.OPERATIONS.get(name, rules.anything)
    return rules.LAYERS.get(name, rules.anything)


def _network(call: Call) -> list[ChannelFlow]:
    """A model inside the model; the shapes of its inputs are part of its configuration."""
    inputs, outputs = ends(call.layer)
    flows = call.inputs
    if len(flows) != len(inputs) or len(outputs) != len(call.shapes):
        raise UnsupportedLayer("it is called with something else than its inputs")
    if call.kwargs.get("training"):
        raise UnsupportedLayer("it is told to train always")
    for tensor, flow in zip(inputs, flows, strict=True):
        layer = call.paths.get(id(input_layer(tensor)), f"{call.path}/{input_layer(tensor).name}")
        keys = ("batch_shape", "batch_input_shape")
        call.record.resizes.setdefault(Resize(layer, keys, flow.axis), flow.channels)
    made = _through(call.layer, call.path, flows, call.record, call.state, dict(call.paths))
    return [f.having(s) for f, s in zip(made, call.shapes, strict=True)]


def _ids(node: Node) -> list[int]:
    return [id(t) for t in node.outputs]
