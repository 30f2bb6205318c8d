"""Builds the smaller model from the configurations of the layers."""

from __future__ import annotations

import copy
import importlib
from collections.abc import Iterator, Mapping
from typing import Any

from tfticket import _keras
from tfticket.cloning import keep_function, unexported
from tfticket.graph import Resize, paths_of

__all__ = ["rebuilt"]

#: What Keras stores of the shapes that a layer was built for; they are others now.
_STALE = ("build_config",)


def rebuilt(model: Any, sizes: Mapping[Resize, int], biases: set[str]) -> Any:
    """Builds a model like another with other numbers of channels; its weights are new.

    Args:
        model: a functional or Sequential model of either Keras.
        sizes: what to write into the configurations.
        biases: paths of layers that get a bias.

    Returns:
        A model of the same class with the same layer names, not compiled.
    """
    config = _without_stale(copy.deepcopy(model.get_config()))
    wanted: dict[str, list[tuple[Resize, int]]] = {}
    for resize, size in sizes.items():
        wanted.setdefault(resize.layer, []).append((resize, size))
    layers = {path: layer for path, layer, _ in _keras.walk(model)}
    for path, own in _configs(model, config, paths_of(model)):
        for resize, size in wanted.get(path, ()):
            _write(own, resize, size)
        if path in biases:
            own["use_bias"] = True
        keep_function(own, layers[path])
    with _trusted(model):
        made = type(model).from_config(config, custom_objects=unexported(model))
    if not made.built or not made.inputs:
        made.build(model.input_shape)
    return made


def _configs(
    model: Any, config: dict[str, Any], paths: Mapping[int, str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields every layer's path with its configuration inside that of the model."""
    by_name = {layer.name: layer for _, layer in _keras.children(model)}
    for entry in config["layers"]:
        name = entry["config"].get("name", entry.get("name"))
        layer = by_name.get(name)
        if layer is not None:
            yield from _below(layer, entry["config"], paths)


def _below(
    layer: Any, config: dict[str, Any], paths: Mapping[int, str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    yield paths[id(layer)], config
    if isinstance(config.get("layers"), list):
        yield from _configs(layer, config, paths)
    for key, attributes in (("layer", ("forward_layer", "layer")), ("backward_layer",) * 2):
        if isinstance(config.get(key), dict):
            names = (attributes,) if isinstance(attributes, str) else attributes
            inner = next(getattr(layer, a) for a in names if hasattr(layer, a))
            yield from _below(inner, config[key]["config"], paths)


def _write(config: dict[str, Any], resize: Resize, size: int) -> None:
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
