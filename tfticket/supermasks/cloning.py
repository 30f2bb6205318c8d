"""Copies of models in which some layers are made differently; in either Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfticket import _keras

__all__ = ["clone", "is_network"]


def is_network(layer: Any) -> bool:
    """Tells whether a layer is a Sequential or functional model, whose layers can be replaced."""
    return any(
        c.__name__ in ("Functional", "Sequential")
        and c.__module__.partition(".")[0] in _keras.FLAVOURS
        for c in type(layer).__mro__
    )


def clone(model: Any, copy: Callable[[Any], Any]) -> Any:
    """Copies a model layer by layer, nested models too; the copy has the same weight paths.

    Args:
        model: a built Sequential or functional model.
        copy: makes the counterpart of a layer, called once for each. Weights are not copied; Lambda
            layers are shared.

    Returns:
        The new model, built.

    Raises:
        ValueError: if the model is not built, or is a subclassed one: nobody can see from outside
            how its layers are connected.
    """
    if not is_network(model) or not model.built:
        raise ValueError(
            "`model` must be a built Sequential or functional model: the connections of others"
            f" cannot be read. Received: model={model!r}"
        )
    made: dict[int, Any] = {}
    keras: Any = _keras.module(model)

    def copied(layer: Any) -> Any:
        if id(layer) not in made:
            if is_network(layer):
                made[id(layer)] = _like(layer, keras.models.clone_model(layer, None, copied))
            elif isinstance(layer, keras.layers.Layer):
                made[id(layer)] = layer if _is_lambda(layer) else copy(layer)
            else:  # an operation of Keras 3, such as `x + y`
                made[id(layer)] = type(layer).from_config(layer.get_config())
        return made[id(layer)]

    return copied(model)


def _is_lambda(layer: Any) -> bool:
    # Keras 3 makes none from a configuration, which would be code; it has no weights to copy.
    return type(layer).__name__ == "Lambda"


def _like(model: Any, copy: Any) -> Any:
    if not copy.built:  # a Sequential model without an Input
        copy.build(model.input_shape)
    return copy
