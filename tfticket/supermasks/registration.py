"""Makes both Kerases find maskers and initialisers again by name when a model is loaded."""

from __future__ import annotations

import sys
from typing import TypeVar

from tfticket._tfmot import tfmot

__all__ = ["PACKAGE", "register"]

#: What all registered names begin with: `"tfticket>EdgePopup"`.
PACKAGE = "tfticket"

Class = TypeVar("Class", bound=type)


def register(cls: Class) -> Class:
    """Registers a class that belongs to neither Keras in both of them, and returns it."""
    tfmot()  # the schedules need it anyway; it imports both Kerases
    for name in ("keras", "tf_keras"):
        sys.modules[name].saving.register_keras_serializable(PACKAGE, cls.__name__)(cls)
    return cls
