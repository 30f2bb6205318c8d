"""Libraries that only some of the package needs: imported where they are used."""

from __future__ import annotations

import importlib
from typing import Any

from tfticket.errors import MissingDependencyError

__all__ = ["require"]


def require(module: str, package: str, extra: str, purpose: str) -> Any:
    """Imports a module of an optional library.

    Args:
        module: its dotted name.
        package: what it is called where it is installed from.
        extra: of this package that brings it.
        purpose: what it is needed for, as in `"to run TFLite files"`.

    Raises:
        MissingDependencyError: if it is missing; the message says how to get it.
    """
    try:
        found = importlib.import_module(module)
    except ImportError as error:
        raise MissingDependencyError(package, extra, purpose) from error
    if getattr(found, "__file__", None) is None:  # a folder of this name, as trackers make them
        raise MissingDependencyError(package, extra, purpose)
    return found
