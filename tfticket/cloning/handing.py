"""Objects of the user's own on their way through a configuration, which holds data only."""

from __future__ import annotations

import contextlib
import types
import warnings
from collections.abc import Iterator
from typing import Any

from tfticket import _keras
from tfticket.kinds import kind

__all__ = ["Handed", "is_own", "own_classes", "own_objects", "written"]

_NAME = "tfticket>Handed"


class Handed:
    """Objects with the entries of a configuration of which Keras is to make just these.

    >>> handed = Handed()
    >>> handed.from_config(handed.entry(print)["config"]) is print
    True
    """

    def __init__(self) -> None:
        self._objects: list[Any] = []

    def entry(self, held: Any) -> dict[str, Any]:
        """Returns what stands for an object in a configuration.

        Args:
            held: the object.
        """
        self._objects.append(held)
        return {
            "module": __name__,
            "class_name": _NAME,
            "config": {"number": len(self._objects) - 1},
            "registered_name": _NAME,
        }

    def from_config(self, config: dict[str, Any]) -> Any:
        """Returns the object that an entry stands for, as Keras asks a class to make one.

        Args:
            config: of the entry.
        """
        return self._objects[config["number"]]

    def custom_objects(self) -> dict[str, Any]:
        """Returns what a `custom_object_scope` needs for Keras to find the objects."""
        return {_NAME: self}


def is_own(held: Any) -> bool:
    """Tells whether something is a function or callable object of neither Keras nor tfticket."""
    is_function = isinstance(held, (types.FunctionType, types.BuiltinFunctionType))
    home = (held if is_function else type(held)).__module__ or ""
    is_known = home.partition(".")[0] in (*_keras.FLAVOURS, "tfticket")
    is_kind = isinstance(held, type) or _keras.is_layer(held) or hasattr(held, "shape")
    return callable(held) and not is_known and not is_kind


def own_classes(model: Any) -> dict[str, type]:
    """Returns the classes of layers in a model that Keras does not export, and could not find."""
    keras: Any = _keras.module(model)
    types_ = {type(layer) for layer in _layers(model)}
    return {t.__name__: t for t in types_ if getattr(keras.layers, t.__name__, None) is not t}


def own_objects(model: Any) -> dict[str, dict[str, Any]]:
    """Returns the user's own classes and functions in a model, by name, by the path of the layer.

    Args:
        model: a built model of either Keras.
    """
    found: dict[str, dict[str, Any]] = {}
    for path, layer, _ in _keras.walk(model):
        is_model = isinstance(layer, _keras.module(layer).Model)  # holds its training functions
        values = [] if is_model else [v for v in vars(layer).values() if is_own(v)]
        held = [v if hasattr(v, "__name__") else type(v) for v in values]
        if not kind(layer) and not type(layer).__module__.startswith("tfticket."):
            held.append(type(layer))
        if held:
            found[path or layer.name] = {one.__name__: one for one in held}
    return found


def written(layer: Any) -> dict[str, Any]:
    """Returns a layer's configuration, also where it holds callables that cannot be written down.

    Args:
        layer: a layer of either Keras; as before afterwards.
    """
    try:
        return layer.get_config()
    except (NotImplementedError, TypeError, ValueError):
        with _stand_ins(layer), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # tf_keras doubts what is not of its own classes
            return layer.get_config()


@contextlib.contextmanager
def _stand_ins(layer: Any) -> Iterator[None]:
    """Puts a function that can be written down in the place of every callable of the user's."""
    before: list[tuple[dict[str, Any], str, Any]] = []
    for inner in _layers(layer):
        attributes = vars(inner)
        held = [(attributes, name, value) for name, value in attributes.items() if is_own(value)]
        before += held
    try:
        for attributes, name, _ in before:
            attributes[name] = _stand_in
        yield
    finally:
        for attributes, name, value in before:
            attributes[name] = value


def _layers(held: Any) -> list[Any]:
    return [one for _, one, _ in _keras.walk(held)] if _keras.is_layer(held) else [held]


def _stand_in(*args: Any) -> None:
    """Written down in the place of something that is then handed on."""
