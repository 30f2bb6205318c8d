"""Builds the smaller model from the configurations of the layers."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from tfticket import _keras
from tfticket.cloning import clone, remade
from tfticket.graph import Resize, is_network, paths_of
from tfticket.kinds import kind
from tfticket.nodes import nodes

__all__ = ["rebuilt"]


def rebuilt(
    model: Any, sizes: Mapping[Resize, float], biases: set[str]
) -> tuple[Any, list[tuple[Any, Any]]]:
    """Builds a model like another with other numbers of channels; its weights are new.

    Args:
        model: a functional or Sequential model of either Keras.
        sizes: what to write into the configurations, and into what operations are called with.
        biases: paths of layers that get a bias.

    Returns:
        `(made, pairs)`: a model with the same layer names, not compiled; and each layer of the old
        one with the one that was made of it.

    Raises:
        TypeError: if a layer cannot be made from its configuration.
        MismatchError: if the model that is made does not run.
    """
    wanted: dict[str, list[tuple[Resize, float]]] = {}
    for resize, size in sizes.items():
        wanted.setdefault(resize.layer, []).append((resize, size))
    paths, pairs = _places(model), []

    def edit(layer: Any, config: dict[str, Any]) -> None:
        path = paths.get(id(layer), "")
        for resize, size in wanted.get(path, ()):
            _write(config, resize, size)
        if path in biases:
            config["use_bias"] = True

    def arguments(operation: Any, args: tuple, kwargs: dict) -> tuple[tuple, dict[str, Any]]:
        asked = wanted.get(paths.get(id(operation), ""), ())
        if not asked or not _is_operation(operation):
            return args, kwargs
        names = _parameters(operation)[: len(args)]
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        for resize, size in asked:
            _write(given, resize, size)
        changed = tuple(given.pop(name) for name in names)
        return (*changed, *args[len(names) :]), given

    def copied(layer: Any) -> Any:
        made = remade(layer, edit, edit_inside=True)
        if _keras.is_layer(layer):
            pairs.append((layer, made))
        return made

    return clone(model, copied, arguments=arguments), pairs


def _is_operation(one: Any) -> bool:
    """Whether it is an operation, which tf_keras puts into a layer, and no layer of a kind."""
    return not _keras.is_layer(one) or kind(one) in ("TFOpLambda", "SlicingOpLambda")


def _parameters(operation: Any) -> tuple[str, ...]:
    """What an operation calls that which it is called with by position."""
    function = operation.function if _keras.is_layer(operation) else operation.call
    return tuple(inspect.signature(function).parameters)


def _places(model: Any) -> dict[int, str]:
    """The path of every layer and operation of a model, by its id."""
    found = paths_of(model)
    for path, layer, _ in _keras.walk(model):
        for node in nodes(layer) if is_network(layer) else ():
            found.setdefault(id(node.operation), _keras.path_below(path, node.operation.name))
    return found


def _write(config: dict[str, Any], resize: Resize, size: float) -> None:
    """Writes a number of channels to its place; a length that is left open stays so."""
    key = next((k for k in resize.keys if k in config), None)
    if key is None:
        return
    if resize.index is None:
        config[key] = size
        return
    value = config[key]
    if isinstance(value, Mapping) and "items" in value:  # how tf_keras writes a shape
        value = value["items"]
    is_list = hasattr(value, "__iter__")  # tf_keras has shapes of TensorFlow's own, too
    parts = list(value) if is_list else [size if value is None else value]
    part = parts[resize.index]
    if resize.end is not None:
        parts[resize.index] = _cut(part, resize.end, size)
    elif part in (None, -1):
        return
    else:
        parts[resize.index] = size
    kind_of: Any = type(value) if is_list else tuple
    config[key] = kind_of(parts)


def _cut(part: Any, end: str, size: float) -> Any:
    """A slice with another start or stop; tf_keras writes slices as mappings."""
    if isinstance(part, Mapping):
        return {**part, end: size}
    ends = {"start": part.start, "stop": part.stop, end: size}
    return slice(ends["start"], ends["stop"], part.step)
