"""Makes both Kerases find schedule classes again by name."""

from __future__ import annotations

import sys

__all__ = ["register", "registered", "registered_name"]

_KNOWN: dict[str, type] = {}


def registered_name(cls: type) -> str:
    """Returns the name a schedule class is registered under, `"tfticket>Linear"`."""
    package = cls.__module__.partition(".")[0]
    return f"{'Custom' if package == '__main__' else package}>{cls.__name__}"


def register(cls: type) -> None:
    """Registers a schedule class here and in those Kerases that are imported: tfmot imports both.

    A class defined again, as when a notebook cell is run twice, takes the place of the old one.
    """
    name = registered_name(cls)
    _KNOWN[name] = cls
    package, _, bare = name.partition(">")
    for keras in filter(None, (sys.modules.get("keras"), sys.modules.get("tf_keras"))):
        known = keras.saving.get_custom_objects()
        if known.get(name) is not cls:
            known.pop(name, None)
            keras.saving.register_keras_serializable(package, bare)(cls)


def registered() -> dict[str, type]:
    """Returns every registered schedule class by its registered name."""
    return dict(_KNOWN)
