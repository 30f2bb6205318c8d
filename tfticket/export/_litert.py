"""The one place that imports `ai_edge_litert`, the optional runtime and its file schema."""

from __future__ import annotations

import importlib
import importlib.metadata
from typing import Any

from tfticket.errors import MissingDependencyError


def schema() -> Any:
    """Returns the generated TFLite schema module.

    Raises:
        MissingDependencyError: without `ai-edge-litert`; the message says how to get it.
    """
    return _import("ai_edge_litert.schema_py_generated", "to read and write TFLite files")


def builder(size: int) -> Any:
    """Returns an empty flatbuffer builder with room for `size` bytes."""
    return _import("flatbuffers", "to write TFLite files").Builder(size)


def require_runtime() -> None:
    """Makes sure that a finished file can be run.

    Raises:
        MissingDependencyError: without `ai-edge-litert`; the message says how to get it.
    """
    _import("ai_edge_litert", "to run TFLite files")


def runtime_version() -> str:
    """Names the runtime that files are verified with, as in `ai-edge-litert 2.3.0`."""
    return f"ai-edge-litert {importlib.metadata.version('ai-edge-litert')}"


def names(enumeration: Any) -> dict[int, str]:
    """Maps the values of a schema enumeration to their names."""
    return {v: k for k, v in vars(enumeration).items() if isinstance(v, int)}


def _import(name: str, purpose: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingDependencyError("ai-edge-litert", "export", purpose) from error
