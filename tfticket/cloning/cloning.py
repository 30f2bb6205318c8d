"""Copies of models in which some layers are made differently; in either Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfticket import _keras
from tfticket._lazy import tf
from tfticket.cloning.running import not_running, require_running
from tfticket.nodes import can_be_network, filled, input_layer, nodes

__all__ = ["can_clone", "clone"]

#: `arguments(operation, args, kwargs)`: what the copy of an operation is called with.
Arguments = Callable[[Any, tuple, dict[str, Any]], tuple[tuple, dict[str, Any]]]


def can_clone(model: Any) -> bool:
    """Tells whether it is a Sequential or functional model, whose layers can be replaced."""
    return can_be_network(model)


def clone(
    model: Any,
    copy: Callable[[Any], Any],
    *,
    arguments: Arguments | None = None,
    may_be_unbuilt: bool = False,
) -> Any:
    """Copies a model layer by layer, nested models too; the copy has the same weight paths.

    A model of a class of the user's own, whose constructor takes something else than Keras' does,
    becomes a plain functional or Sequential one.

    Args:
        model: a Sequential or functional model.
        copy: makes the counterpart of a layer or operation, called once for each, input layers
            among them; `remade` does. Weights are not copied.
        arguments: changes what operations are called with; left out, it is the same.
        may_be_unbuilt: whether a model without variables yet is copied too.

    Returns:
        The new model, built if the model is.

    Raises:
        ValueError: if the model is not built, or is a subclassed one: nobody can see from outside
            how its layers are connected.
        MismatchError: if the copy does not run though the model does.
    """
    if not can_clone(model) or not (model.built or may_be_unbuilt):
        raise ValueError(
            "`model` must be a built Sequential or functional model: the connections of others"
            f" cannot be read. Received: model={model!r}"
        )
    copies: dict[int, Any] = {}

    def copied(layer: Any) -> Any:
        if id(layer) not in copies:
            copies[id(layer)] = made(layer) if can_clone(layer) else copy(layer)
        return copies[id(layer)]

    def made(inner: Any) -> Any:
        if _is_sequential(inner):
            return _sequential(inner, copied)
        return _functional(inner, copied, arguments)

    found = copied(model)
    if model.built and not found.built:  # a Sequential model without an Input
        found.build(model.input_shape)
    if found.built:
        require_running(found, model)
    return found


def _sequential(model: Any, copied: Callable[[Any], Any]) -> Any:
    layers = [copied(layer) for layer in _listed(model)]
    try:
        return _settled(_class(model)(layers, name=model.name), model)
    except Exception as error:  # tf_keras runs the layers as it is made
        raise not_running(model, error) from error


def _listed(model: Any) -> list[Any]:
    """The layers of a Sequential model, its Input among them if it has one."""
    inner = getattr(model, "_functional", None)
    return [layer for _, layer in _keras.children(model) if layer is not inner]


def _functional(model: Any, copied: Callable[[Any], Any], arguments: Arguments | None) -> Any:
    found: dict[int, Any] = {}
    copies: dict[Any, None] = {}
    for tensor in tf.nest.flatten(model.input):
        found[id(tensor)] = copied(input_layer(tensor)).output
    for node in nodes(model):
        args, kwargs = node.args, node.kwargs
        if arguments is not None:
            args, kwargs = arguments(node.operation, args, kwargs)
        operation = copied(node.operation)
        copies[operation] = None
        try:
            called = operation(*filled(args, found), **filled(kwargs, found))
        except Exception as error:
            raise not_running(node.operation, error) from error
        found.update(zip(map(id, node.outputs), tf.nest.flatten(called), strict=True))
    inputs, outputs = filled(model.input, found), filled(model.output, found)
    made = _class(model)(inputs, outputs, name=model.name)
    inside = set(map(id, made.layers))
    aside = [one for one in copies if id(one) not in inside]
    if aside and hasattr(made, "_insert_layers"):  # what `add_loss` of tf_keras has put in
        made._insert_layers(aside)
    return _settled(made, model)


def _settled(made: Any, model: Any) -> Any:
    if not model.trainable:
        made.trainable = False
    return made


def _class(model: Any) -> Any:
    """The model's own class if its constructor is Keras', else the plain one."""
    home = getattr(type(model).__init__, "__module__", "")
    if home.partition(".")[0] in _keras.FLAVOURS:
        return type(model)
    keras: Any = _keras.module(model)
    return keras.Sequential if _is_sequential(model) else keras.Model


def _is_sequential(model: Any) -> bool:
    return isinstance(model, _keras.module(model).Sequential)
