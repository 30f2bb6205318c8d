"""Builds the smaller model from the configurations of the layers."""

from __future__ import annotations

import copy
import importlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tfticket import _keras
from tfticket.cloning import keep_function, unexported
from tfticket.graph import Resize, paths_of

__all__ = ["rebuilt"]

#: What Keras stores of the shapes that a layer was built for; they are others now.
_STALE = ("build_config",)


def rebuilt(model: Any, sizes: Mapping[Resize, float], biases: set[str]) -> Any:
    """Builds a model like another with other numbers of channels; its weights are new.

    Args:
        model: a functional or Sequential model of either Keras.
        sizes: what to write into the configurations.
        biases: paths of layers that get a bias.

    Returns:
        A model of the same class with the same layer names, not compiled.
    """
    config = _without_stale(copy.deepcopy(model.get_config()))
    wanted: dict[str, list[tuple[Resize, float]]] = {}
    for resize, size in sizes.items():
        wanted.setdefault(resize.layer, []).append((resize, size))
    layers = {path: layer for path, layer, _ in _keras.walk(model)}
    for path, own, arguments in _configs(model, config, paths_of(model)):
        for resize, size in wanted.get(path, ()):
            _write([own, *arguments], resize, size)
        if path in biases:
            own["use_bias"] = True
        if path in layers:
            keep_function(own, layers[path])
    with _trusted(model):
        made = type(model).from_config(config, custom_objects=unexported(model))
    if not made.built or not made.inputs:
        made.build(model.input_shape)
    return made


def _configs(
    model: Any, config: dict[str, Any], paths: Mapping[int, str]
) -> Iterator[tuple[str, dict[str, Any], Iterable]]:
    """Yields every layer's path with its configuration inside that of the model.

    Of operations also what they are called with, in either Keras' way to write that down.
    """
    by_name = {layer.name: layer for _, layer in _keras.children(model)}
    for entry in config["layers"]:
        name = entry["config"].get("name", entry.get("name"))
        layer = by_name.get(name)
        if layer is not None:
            yield from _below(layer, entry["config"], paths, _arguments(entry))
        else:
            path = _keras.path_below(paths[id(model)], name)
            yield path, entry["config"], _arguments(entry)


def _arguments(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """The arguments by name of each call of an operation; what follows a tensor is called key."""
    found, waiting = [], list(entry.get("inbound_nodes", ()))
    while waiting:
        call = waiting.pop()
        if isinstance(call, dict) and "args" in call:  # Keras 3
            found.append({**dict(zip(("x", "key"), call["args"], strict=False)), **call["kwargs"]})
        elif isinstance(call, dict):
            found.append(call)
        elif isinstance(call, list):
            waiting += [c for c in call if isinstance(c, (list, dict))]
    return found


def _below(
    layer: Any, config: dict[str, Any], paths: Mapping[int, str], arguments: Iterable = ()
) -> Iterator[tuple[str, dict[str, Any], Iterable]]:
    yield paths[id(layer)], config, arguments
    if isinstance(config.get("layers"), list):
        yield from _configs(layer, config, paths)
    for key, attributes in (("layer", ("forward_layer", "layer")), ("backward_layer",) * 2):
        if isinstance(config.get(key), dict):
            names = (attributes,) if isinstance(attributes, str) else attributes
            inner = next(getattr(layer, a) for a in names if hasattr(layer, a))
            yield from _below(inner, config[key]["config"], paths)


def _write(places: list[dict[str, Any]], resize: Resize, size: float) -> None:
    """Writes a number of channels to its place; a length that is left open stays so."""
    config, key = next(((p, k) for p in places for k in resize.keys if k in p), (None, ""))
    if config is None:
        return
    if resize.index is None:
        config[key] = size
        return
    value = config[key]
    if resize.end is not None:
        part = value[resize.index]
        part.get("config", part)[resize.end] = size
        return
    if isinstance(value, Mapping) and "items" in value:  # how tf_keras writes a shape
        value = value["items"]
    lengths = [size] if value is None or isinstance(value, int) else list(value)
    if lengths[resize.index] not in (None, -1):
        lengths[resize.index] = size
        config[key] = type(value)(lengths) if isinstance(value, (list, tuple)) else tuple(lengths)


def _without_stale(config: Any) -> Any:
    if isinstance(config, dict):
        return {k: _without_stale(v) for k, v in config.items() if k not in _STALE}
    if isinstance(config, list):
        return [_without_stale(v) for v in config]
    return config


def _trusted(model: Any) -> Any:
    """Lets Keras make Lambda layers again: the code is the model's own, not read from a file."""
    name = f"{_keras.flavour(model)}.src.saving.serialization_lib"
    return importlib.import_module(name).SafeModeScope(False)
