"""What a user names by `module:attribute` or `file.py:attribute`."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["accepted", "called", "check", "digest_of", "resolve"]


def resolve(reference: str) -> Any:
    """Imports what a reference names. The code of that module is run: trust it first.

    >>> resolve("math:sqrt")(9.0)
    3.0

    Args:
        reference: `package.module:attribute` or `path/to/file.py:attribute`.

    Raises:
        ValueError: if it has another form, or the module or attribute does not exist.
    """
    place, attribute = check(reference)
    module = _from_file(Path(place)) if place.endswith(".py") else _from_name(place)
    if not hasattr(module, attribute):
        public = [n for n in vars(module) if not n.startswith("_")]
        raise ValueError(f"{place!r} has no {attribute!r}; it has {public}.")
    return getattr(module, attribute)


def check(reference: str) -> tuple[str, str]:
    """Takes a reference apart, and runs none of its code.

    Args:
        reference: as for `resolve`.

    Returns:
        The module or file, and the attribute.

    Raises:
        ValueError: if it has another form, or the file does not exist.
    """
    place, _, attribute = reference.rpartition(":")
    if not place or not attribute.isidentifier():
        raise ValueError(
            "a reference must be `package.module:attribute` or `path/to/file.py:attribute`."
            f" Received: {reference!r}"
        )
    if place.endswith(".py") and not Path(place).is_file():
        raise ValueError(f"there is no file {place!r}.")
    return place, attribute


def digest_of(reference: str) -> str | None:
    """Returns the SHA-256 of the file that a reference names; `None` if it names none.

    Args:
        reference: `package.module:attribute` or `path/to/file.py:attribute`, the path of a file,
            or any other name.
    """
    place = reference.rpartition(":")[0]
    path = Path(place or reference)
    if place and not place.endswith(".py") and place not in sys.builtin_module_names:
        try:
            found = importlib.util.find_spec(place)
        except (ImportError, ValueError):
            found = None
        path = Path((found.origin if found else None) or place)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def accepted(function: Callable[..., Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns those of the `options` that `function` has a parameter for."""
    parameters = inspect.signature(function).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return dict(options)
    by_keyword = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    return {k: v for k, v in options.items() if k in by_keyword}


def called(function: Callable[..., Any], options: Mapping[str, Any], name: str) -> Any:
    """Calls a user's function with those of the options that it has parameters for.

    Args:
        function: the user's.
        options: by name.
        name: of the function, for the message.

    Raises:
        TypeError: if it needs something else besides.
    """
    given = accepted(function, options)
    try:
        inspect.signature(function).bind(**given)
    except TypeError as error:
        raise TypeError(
            f"{name!r} must need no other parameters than {', '.join(options)}: {error}. Give the"
            " others defaults."
        ) from None
    return function(**given)


def _from_name(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not name.startswith(error.name):
            raise  # the module is there; something it imports is not
        raise ValueError(
            f"there is no module {name!r} on the import path. Put its folder on PYTHONPATH, or"
            f" name the file: path/to/{name.rpartition('.')[2]}.py:attribute."
        ) from error


def _from_file(path: Path) -> ModuleType:
    # Annotations are looked up in the module of this name, which is that of one file.
    digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]
    name = f"{path.stem}_{digest}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
