"""The optional runtime `ai-edge-litert`: whether it is there, and which version."""

from __future__ import annotations

import importlib.metadata

from tfticket import optional

__all__ = ["require_runtime", "runtime_version"]

PACKAGE = "ai-edge-litert"


def require_runtime() -> None:
    """Makes sure that a finished file can be run.

    Raises:
        MissingDependencyError: without `ai-edge-litert`; the message says how to get it.
    """
    optional.require("ai_edge_litert", PACKAGE, "export", "to run TFLite files")


def runtime_version() -> str:
    """Names the runtime that files are verified with, as in `ai-edge-litert 2.3.0`."""
    return f"{PACKAGE} {importlib.metadata.version(PACKAGE)}"
