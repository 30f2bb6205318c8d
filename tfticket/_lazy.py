"""What is imported when it is first used: names of a package, and TensorFlow.

TensorFlow takes seconds to load. A module that needs it in its functions alone takes it from here,
so that whatever can be told without it is told at once.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import tensorflow as tf

__all__ = ["attributes", "tf"]


class _Module:
    """Stands for a module that is imported when something of it is asked for."""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self._name), name)


if not TYPE_CHECKING:
    tf = _Module("tensorflow")


def attributes(package: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """Makes the `__getattr__` of a package.

    Args:
        package: its name, `__name__` as a rule.
        modules: for each name the module it is in, or `""` if it is a module of the package itself.

    Returns:
        A function of a name.
    """

    def found(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        if not modules[name]:
            return importlib.import_module(f"{package}.{name}")
        return getattr(importlib.import_module(modules[name]), name)

    return found
