"""The machine and the libraries that a run was begun with."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
from collections.abc import Iterable, Mapping
from typing import Any

from tfticket._version import __version__

__all__ = ["changes", "environment", "library_versions"]

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


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Says what is otherwise than when a run was begun, in sentences.

    Args:
        before: what `environment` returned then.
        now: what it returns now.
    """
    return [
        f"{name} was {before[name]} when the run was begun and is {now[name]} now; levels"
        " computed before and after may differ in the last bits"
        for name in now
        if name != "begun" and name in before and before[name] != now[name]
    ]


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
