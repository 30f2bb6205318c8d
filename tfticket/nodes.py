"""The calls that make up a functional or Sequential model, in order, in either Keras."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tfticket import _keras
from tfticket._lazy import tf

__all__ = [
    "Node",
    "can_be_network",
    "ends",
    "filled",
    "input_layer",
    "is_network",
    "nodes",
    "shape_of",
]


_HOMES = ("keras.src.", "tf_keras.src.")


@dataclass(frozen=True)
class Node:
    """One call of a layer or operation.

    Args:
        operation: the layer; or the operation, which has a `name` too.
        args: what it was called with, symbolic tensors among it.
        kwargs: the same, by name.
        outputs: the symbolic tensors it returned.
    """

    operation: Any
    args: tuple
    kwargs: dict[str, Any]
    outputs: list


def can_be_network(layer: Any) -> bool:
    """Tells whether a layer is a functional or Sequential model, built or not.

    So is one of a class of the user's own, unless that computes otherwise than its graph.
    """
    kinds = [c for c in type(layer).__mro__ if c.__module__.startswith(_HOMES)]
    call = getattr(type(layer), "call", None)
    is_kerass = getattr(call, "__module__", "").startswith(_HOMES)
    return is_kerass and any(c.__name__ in ("Functional", "Sequential") for c in kinds)


def is_network(layer: Any) -> bool:
    """Tells whether a layer is a functional or Sequential model whose graph can be read."""
    return can_be_network(layer) and bool(getattr(_graph(layer), "_nodes_by_depth", None))


def nodes(model: Any) -> Iterator[Node]:
    """Yields every call in a model, each after those it depends on; input layers are left out."""
    by_depth = _graph(model)._nodes_by_depth
    for depth in sorted(by_depth, reverse=True):
        for node in by_depth[depth]:
            if node.is_input:
                continue
            given = getattr(node, "arguments", None)  # Keras 3
            args = node.call_args if given is None else given.args
            kwargs = node.call_kwargs if given is None else given.kwargs
            operation = node.layer if given is None else node.operation
            yield Node(operation, tuple(args), dict(kwargs), tf.nest.flatten(node.outputs))


def filled(value: Any, found: Mapping[int, Any]) -> Any:
    """Puts what was `found` for symbolic tensors, by their ids, in their places in a `value`."""
    return tf.nest.map_structure(lambda v: found.get(id(v), v), value)


def ends(model: Any) -> tuple[list, list]:
    """Returns the symbolic inputs and outputs of a model, flat."""
    graph = _graph(model)
    return tf.nest.flatten(graph.inputs), tf.nest.flatten(graph.outputs)


def input_layer(tensor: Any) -> Any:
    """Returns the layer that a symbolic input of a model belongs to."""
    return tensor._keras_history[0]


def shape_of(tensor: Any) -> tuple[int | None, ...]:
    """Returns the shape of a symbolic tensor, the batch first, `None` where it is not known."""
    return tuple(tensor.shape)


def _graph(model: Any) -> Any:
    # A Sequential of Keras 3 keeps its graph in a model of its own; in tf_keras it is one.
    if _keras.flavour_or_none(model) is None:
        return None
    return getattr(model, "_functional", None) or model
