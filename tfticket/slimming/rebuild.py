"""Builds the smaller model from the configurations of the layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfticket import _keras
from tfticket.cloning import clone, remade
from tfticket.graph import Resize, paths_of

__all__ = ["rebuilt"]


def rebuilt(
    model: Any, sizes: Mapping[Resize, int], biases: set[str]
) -> tuple[Any, list[tuple[Any, Any]]]:
    """Builds a model like another with other numbers of channels; its weights are new.

    Args:
        model: a functional or Sequential model of either Keras.
        sizes: what to write into the configurations.
        biases: paths of layers that get a bias.

    Returns:
        `(made, pairs)`: a model with the same layer names, not compiled; and each layer of the old
        one with the one that was made of it.

    Raises:
        TypeError: if a layer cannot be made from its configuration.
        MismatchError: if the model that is made does not run.
    """
    wanted: dict[str, list[tuple[Resize, int]]] = {}
    for resize, size in sizes.items():
        wanted.setdefault(resize.layer, []).append((resize, size))
    paths = paths_of(model)

    def edit(layer: Any, config: dict[str, Any]) -> None:
        path = paths.get(id(layer))
        if path is None:
            return
        for resize, size in wanted.get(path, ()):
            _write(config, resize, size)
        if path in biases:
            config["use_bias"] = True

    pairs: list[tuple[Any, Any]] = []

    def copied(layer: Any) -> Any:
        made = remade(layer, edit)
        if _keras.is_layer(layer):
            pairs.append((layer, made))
        return made

    return clone(model, copied), pairs


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
