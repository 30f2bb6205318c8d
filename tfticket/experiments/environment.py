"""The machine and the libraries that a run was begun with."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
from collections.abc import Iterable
from typing import Any

from tfticket._version import __version__

__all__ = ["environment", "library_versions"]

_LIBRARIES = ("tensorflow", "keras", "tf_keras", "numpy", "tensorflow-model-optimization")


def environment() -> dict[str, Any]:
    """Returns when that was, and every version and count that figures may depend on."""
    found: dict[str, Any] = {
        "begun": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "tfticket": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
        "num_cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0,
    }
    return {**found, **library_versions()}


def library_versions(more: Iterable[str] = ()) -> dict[str, str]:
    """Returns the installed version of each library that figures depend on.

    Args:
        more: names of other libraries.
    """
    found = {}
    for name in (*_LIBRARIES, *more):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found
