"""Copies of layers and models with their weights, so that nobody's own object is trained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfticket import _keras, weights
from tfticket.cloning import can_clone, clone, remade

__all__ = ["copied_layer", "copied_model"]

#: Given to the copy by attribute: in these both Kerases differ.
_SHAPES = ("input_shape", "batch_input_shape", "input_dim")


def copied_layer(layer: Any, **settings: Any) -> Any:
    """Copies a layer, with its weights if it has any yet.

    Args:
        layer: a layer of either Keras.
        **settings: what its configuration is to say instead; `input_shape` is for the first layer
            of a Sequential model.

    Returns:
        The copy.

    Raises:
        TypeError: if the layer cannot be made from its configuration.
    """
    return _with_weights(_fresh(layer, settings), layer)


def _fresh(layer: Any, settings: dict[str, Any]) -> Any:
    shape = _input_shape(settings)
    if shape is not None and _keras.flavour(layer) == "tf_keras":
        settings = {**settings, "batch_input_shape": shape}

    copy = remade(layer, lambda _, config: config.update(settings))
    if (
        _keras.is_layer(layer) and _keras.flavour(layer) == "keras"
    ):  # there it is not in the configuration
        own = getattr(layer, "_input_shape_arg", None)
        copy._input_shape_arg = own if shape is None else shape[1:]
    return copy


def copied_model(model: Any, on_copy: Callable[[Any, Any], None]) -> Any:
    """Copies a model layer by layer, nested models too, with its weights; it is not compiled.

    Args:
        model: a Sequential, functional or subclassed model; it need not be built.
        on_copy: called with each layer below the model, nested models not, and with its copy.

    Returns:
        The new model, built if the model is.

    Raises:
        TypeError: if a layer, or a subclassed model, cannot be made from its configuration.
    """
    if not can_clone(model):
        copy = copied_layer(model)
        on_copy(model, copy)
        return copy

    def copied(layer: Any) -> Any:
        copy = _fresh(layer, {})
        if _keras.is_layer(layer) and not isinstance(layer, _keras.module(layer).layers.InputLayer):
            on_copy(layer, copy)
        return copy

    return _written(clone(model, copied, may_be_unbuilt=True), model)


def _with_weights(copy: Any, layer: Any) -> Any:
    if not layer.built or not layer.weights:
        return copy
    if not copy.weights:
        copy.build_from_config(layer.get_build_config() or {})
    if len(copy.weights) != len(layer.weights):
        raise TypeError(
            f"`to_prune` must be a layer that can be built again: {layer.name!r} cannot, so its"
            " weights would be lost. Prune the model it belongs to."
        )
    copy.built = True  # a `build` of the user's own need not say so in tf_keras
    return _written(copy, layer)


def _written(copy: Any, model: Any) -> Any:
    """Writes the weights of one into the other; nothing is done before they are built."""
    if model.built and model.weights:
        weights.write(copy, weights.read_all(model))
    return copy


def _input_shape(settings: dict[str, Any]) -> tuple[Any, ...] | None:
    """Takes out what says a shape, as a shape with the batch."""
    given = {name: settings.pop(name) for name in _SHAPES if name in settings}
    if not given:
        return None
    name, value = next(iter(given.items()))
    if name == "batch_input_shape":
        return tuple(value)
    return (None, *value) if isinstance(value, (tuple, list)) else (None, value)
