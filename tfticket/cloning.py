"""Copies of models in which some layers are made differently; in either Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfticket import _keras

__all__ = ["can_clone", "clone", "is_lambda", "keep_function", "unexported"]


def can_clone(model: Any) -> bool:
    """Tells whether it is a Sequential or functional model, whose layers can be replaced."""
    return any(
        c.__name__ in ("Functional", "Sequential")
        and c.__module__.partition(".")[0] in _keras.FLAVOURS
        for c in type(model).__mro__
    )


def clone(model: Any, copy: Callable[[Any], Any], *, may_be_unbuilt: bool = False) -> Any:
    """Copies a model layer by layer, nested models too; the copy has the same weight paths.

    Args:
        model: a Sequential or functional model.
        copy: makes the counterpart of a layer, called once for each. Weights are not copied; Lambda
            layers are shared.
        may_be_unbuilt: whether a model without variables yet is copied too.

    Returns:
        The new model, built if the model is.

    Raises:
        ValueError: if the model is not built, or is a subclassed one: nobody can see from outside
            how its layers are connected.
    """
    if not can_clone(model) or not (model.built or may_be_unbuilt):
        raise ValueError(
            "`model` must be a built Sequential or functional model: the connections of others"
            f" cannot be read. Received: model={model!r}"
        )
    copies: dict[int, Any] = {}
    keras: Any = _keras.module(model)

    def copied(layer: Any) -> Any:
        if id(layer) not in copies:
            if can_clone(layer):
                copies[id(layer)] = _like(layer, keras.models.clone_model(layer, None, copied))
            elif isinstance(layer, keras.layers.Layer):
                copies[id(layer)] = layer if is_lambda(layer) else copy(layer)
            else:  # an operation of Keras 3, such as `x + y`
                copies[id(layer)] = type(layer).from_config(layer.get_config())
        return copies[id(layer)]

    return copied(model)


def is_lambda(layer: Any) -> bool:
    """Tells whether a layer is a Lambda, of which Keras 3 makes none from a configuration.

    That would be code. It has no weights, so a copy may share it.
    """
    return type(layer).__name__ == "Lambda"


def keep_function(config: dict[str, Any], layer: Any) -> None:
    """Hands on a function of the user's own: Keras can write it down but not always read it.

    Args:
        config: configuration of the layer, in which its activation is then the function itself.
        layer: the layer.
    """
    function = getattr(layer, "activation", None)
    home = getattr(function, "__module__", None) or ""
    is_own = callable(function) and home.partition(".")[0] not in _keras.FLAVOURS
    if is_own and "activation" in config:
        config["activation"] = function


def unexported(model: Any) -> dict[str, type]:
    """Returns the classes of layers in a model that Keras does not export, and could not find."""
    keras: Any = _keras.module(model)
    types = {type(layer) for _, layer, _ in _keras.walk(model)}
    return {t.__name__: t for t in types if getattr(keras.layers, t.__name__, None) is not t}


def _like(model: Any, copy: Any) -> Any:
    if model.built and not copy.built:  # a Sequential model without an Input
        copy.build(model.input_shape)
    return copy
