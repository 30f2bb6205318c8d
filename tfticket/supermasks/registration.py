"""Makes both Kerases find maskers and initialisers again by name when a model is loaded."""

from __future__ import annotations

from typing import TypeVar

from tfticket import _keras

__all__ = ["PACKAGE", "register"]

#: What all registered names begin with: `"tfticket>EdgePopup"`.
PACKAGE = "tfticket"

Class = TypeVar("Class", bound=type)


def register(cls: Class) -> Class:
    """Registers a class that belongs to neither Keras in those there are, and returns it."""
    for keras in _keras.installed():
        keras.saving.register_keras_serializable(PACKAGE, cls.__name__)(cls)
    return cls
