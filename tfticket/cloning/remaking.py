"""Layers made anew from their configurations, with the user's own objects handed on."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any

from tfticket import _keras
from tfticket.cloning.cloning import can_clone, clone
from tfticket.cloning.handing import Handed, is_own, own_classes, written
from tfticket.kinds import kinds

__all__ = ["from_configuration", "remade"]

#: `edit(layer, config)` changes the configuration of a layer in place.
Edit = Callable[[Any, dict[str, Any]], None]

#: Where a layer keeps what its configuration calls so, if not under that name.
_ELSEWHERE = {"layer": ("forward_layer", "layer")}


def remade(
    layer: Any, edit: Edit | None = None, *, cls: Any = None, edit_inside: bool = False
) -> Any:
    """Makes a layer or operation anew from its configuration, without its weights.

    Functions, initialisers, regularisers and constraints of the user's own are the same objects in
    the new layer: Keras can write them down but not always read them. Models that a configuration
    holds are cloned.

    Args:
        layer: a layer of either Keras, or an operation of Keras 3.
        edit: `edit(layer, config)` changes a configuration in place.
        cls: the class to make; the layer's own if left out.
        edit_inside: whether to edit the configurations of the layers inside it too, which its own
            configuration holds: of what it wraps, or of an activation that is a layer.

    Returns:
        The new one. A layer that nothing is trained in is returned itself if it was adapted to
        data, as a StringLookup may be, which its configuration does not say; or if it has no
        configuration at all.

    Raises:
        TypeError: if the layer cannot be made from its configuration.
    """
    edit = _edit(layer, edit, edit_inside)
    if not _keras.is_layer(layer):
        return _operation(layer, edit)
    if _is_adapted(layer):
        return layer
    if _is_lambda(layer):
        return _lambda(layer, edit)
    try:
        return from_configuration(layer, edit, cls=cls)
    except (NotImplementedError, TypeError, ValueError) as error:
        if not layer.weights and cls is None:
            return layer
        raise TypeError(
            f"`model` must hold layers that can be made from their configuration: {layer.name!r}"
            f" cannot. Give {type(layer).__name__} a `get_config`. Received: {error}"
        ) from error


def _edit(layer: Any, edit: Edit | None, edit_inside: bool) -> Edit:
    def own(held: Any, config: dict[str, Any]) -> None:
        if edit is not None and (edit_inside or held is layer):
            edit(held, config)

    return own


def from_configuration(held: Any, edit: Edit | None = None, *, cls: Any = None) -> Any:
    """Makes an object of Keras anew from what it writes down; what is the user's is handed on.

    Args:
        held: a layer, a metric, …
        edit: as in `remade`.
        cls: the class to make; its own if left out.
    """
    handed = Handed()
    edit = edit or (lambda layer, config: None)
    config = _with_objects(held, _without_stale(written(held)), edit, handed)
    names = {**own_classes(held), **handed.custom_objects()}
    with _keras.module(held).utils.custom_object_scope(names):
        return (cls or type(held)).from_config(config)


def _without_stale(config: Any) -> Any:
    """Leaves out the shapes that layers inside were built for: they may be others now."""
    if isinstance(config, dict):
        return {k: _without_stale(v) for k, v in config.items() if k != "build_config"}
    if isinstance(config, list):
        return [_without_stale(v) for v in config]
    return config


def _with_objects(owner: Any, config: dict[str, Any], edit: Edit, handed: Handed) -> dict[str, Any]:
    """Returns a configuration in which the owner's objects stand for what was written of them."""
    found = dict(config)
    edit(owner, found)
    for key, value in found.items():
        held = _attribute(owner, key)
        if key.endswith("activation") and isinstance(value, dict) and _keras.is_layer(held):
            found[key] = _copy(held, edit)  # Keras takes a layer there; up to 3.8 it reads none
        else:
            found[key] = _object(value, held, edit, handed, owner)
    return found


def _object(value: Any, held: Any, edit: Edit, handed: Handed, owner: Any) -> Any:
    """Returns what stands in a configuration for what the layer holds under the same name."""
    is_written = isinstance(value, dict)
    if isinstance(value, (list, tuple)) and isinstance(held, (list, tuple)):
        if len(value) != len(held):
            return value
        pairs = zip(value, held, strict=True)
        return type(value)([_object(v, h, edit, handed, owner) for v, h in pairs])
    if _keras.is_layer(held):
        if value is held:
            return _copy(held, edit)
        if is_written and can_clone(held):
            return handed.entry(_copy(held, edit))
        if is_written and isinstance(value.get("config"), dict):
            return {**value, "config": _with_objects(held, value["config"], edit, handed)}
        return value
    if value is held or not is_own(held):
        return value
    is_kerass = type(owner).__module__.partition(".")[0] in _keras.FLAVOURS
    if is_written:
        return handed.entry(held)
    return held if isinstance(value, str) and is_kerass else value


def _copy(layer: Any, edit: Edit) -> Any:
    copy_ = functools.partial(remade, edit=edit, edit_inside=True)
    return clone(layer, copy_, may_be_unbuilt=True) if can_clone(layer) else copy_(layer)


def _attribute(owner: Any, key: str) -> Any:
    for name in _ELSEWHERE.get(key, (key, f"_{key}")):
        try:
            return getattr(owner, name)
        except Exception:  # a property of the user's own may raise anything
            continue
    return None


def _operation(operation: Any, edit: Edit) -> Any:
    """A copy of an operation of Keras 3, such as `x + y`: it is what its attributes are."""
    made = object.__new__(type(operation))
    values = dict(vars(operation))
    edit(operation, values)
    vars(made).update(values, _inbound_nodes=[], _outbound_nodes=[])
    written = getattr(operation, "_auto_config", None)
    if written is not None:
        own = {key: values.get(key, value) for key, value in written.config.items()}
        vars(made)["_auto_config"] = type(written)(**own)
    return made


def _is_adapted(layer: Any) -> bool:
    return hasattr(layer, "adapt") and bool(kinds(layer)) and not layer.trainable_weights


def _is_lambda(layer: Any) -> bool:
    return type(layer) is _keras.module(layer).layers.Lambda


def _lambda(layer: Any, edit: Edit) -> Any:
    """A Lambda with the same functions: of what Keras writes of these it need not make any."""
    config = _keras.module(layer).layers.Layer.get_config(layer)
    config["output_shape"] = copy.copy(layer._output_shape)
    edit(layer, config)
    functions = {"function": layer.function, "mask": layer.mask, "arguments": layer.arguments}
    return type(layer)(**functions, **config)
