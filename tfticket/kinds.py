"""What kind of layer something is: a class name counts only where the class is Keras' own."""

from __future__ import annotations

from typing import Any

from tfticket import _keras

__all__ = ["call_kind", "is_altered", "kind", "kinds"]


def kind(layer: Any) -> str:
    """Returns the name of a layer's class if it is one of Keras' own, else an empty string.

    A subclass is another layer, and so is a user's own class of the same name.

    Args:
        layer: anything; of either Keras.
    """
    return type(layer).__name__ if _is_kerass(type(layer)) else ""


def kinds(layer: Any) -> set[str]:
    """Returns the names of those classes of Keras' own that a layer is of, as a subclass too.

    Args:
        layer: anything; of either Keras.
    """
    return {c.__name__ for c in type(layer).__mro__ if _is_kerass(c)}


def call_kind(layer: Any) -> str:
    """Returns the name of the class whose `call` a layer has, if it is Keras', else nothing.

    A subclass that adds weights or settings still computes what that class does.

    Args:
        layer: anything; of either Keras.
    """
    home = next((c for c in type(layer).__mro__ if "call" in vars(c)), type(layer))
    return home.__name__ if _is_kerass(home) else ""


def is_altered(layer: Any) -> bool:
    """Tells whether Keras 3 has replaced a layer's kernel by something it computes it from.

    Args:
        layer: of either Keras.
    """
    return bool(getattr(layer, "quantization_mode", None) or getattr(layer, "lora_enabled", False))


def _is_kerass(cls: type) -> bool:
    return cls.__module__.partition(".")[0] in _keras.FLAVOURS
