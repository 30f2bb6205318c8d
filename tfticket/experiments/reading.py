"""Specs from files and flags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfticket import files
from tfticket.errors import CorruptFileError, MissingDependencyError
from tfticket.experiments.spec import Spec

__all__ = ["read_settings", "read_spec"]


def read_spec(path: str | Path | None = None, **settings: Any) -> Spec:
    """Makes a spec of a file and of settings that overrule it.

    A file without `recipe` is of the one given, else of the lottery ticket; a file of another
    recipe than the one given is refused.

    >>> read_spec(model="lenet_300_100", data="digits", rounds=3).recipe.rounds
    3

    Args:
        path: a `.yaml`, `.yml` or `.json` file with settings by name; `None` means no file.
        **settings: settings by name.

    Returns:
        A `Spec`.

    Raises:
        ValueError: if a setting is wrong; for a file, the message names it.
        FileNotFoundError: if there is no such file.
        CorruptFileError: if the file cannot be read.
        MissingDependencyError: for YAML without PyYAML.
    """
    if path is None:
        return Spec(**settings)
    found = read_settings(path)
    if settings.get("recipe", found.get("recipe")) != found.get("recipe", settings.get("recipe")):
        raise ValueError(
            f"{path}: `recipe` must be the one that is asked for. Received:"
            f" recipe={found['recipe']!r} in the file, asked for {settings['recipe']!r}"
        )
    try:
        return Spec(**{**found, **settings})
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def read_settings(path: str | Path) -> dict[str, Any]:
    """Reads the settings of a YAML or JSON file, unchecked.

    Args:
        path: the file; what it is, its name's ending tells.
    """
    path = Path(path)
    if path.suffix not in (".yaml", ".yml", ".json"):
        raise ValueError(f"`path` must end in .yaml, .yml or .json. Received: path={str(path)!r}")
    if not path.is_file():
        raise FileNotFoundError(f"`path` must be an existing file. Received: path={str(path)!r}")
    found = files.read_json(path) if path.suffix == ".json" else _read_yaml(path)
    if not isinstance(found, Mapping) or not all(isinstance(name, str) for name in found):
        raise CorruptFileError(f"{path} must hold settings by name, as in `sparsity: 0.9`.")
    return dict(found)


def _read_yaml(path: Path) -> Any:
    try:
        import yaml
    except ImportError as error:
        raise MissingDependencyError("yaml", "config", "to read YAML files") from error
    try:
        text = path.read_text(encoding="utf-8")
        loader = _loader(yaml)
        _require_each_once(yaml.compose(text, loader), path)
        return yaml.load(text, loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CorruptFileError(f"{path} is not YAML: {error}") from error


def _loader(yaml: Any) -> Any:
    """A safe loader to which 1e3 and 1e-3 are numbers, as YAML 1.2 has them: PyYAML reads text."""

    class Loader(yaml.SafeLoader):
        pass

    number = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+")
    Loader.add_implicit_resolver("tag:yaml.org,2002:float", number, list("-+.0123456789"))
    return Loader


def _require_each_once(root: Any, path: Path) -> None:
    """Refuses a name that stands twice, of which YAML itself would take the last."""
    waiting, seen = [root], set[int]()
    while waiting:
        node = waiting.pop()
        inside = () if node is None or isinstance(node.value, str) else node.value
        if id(node) in seen:  # aliases may lead back
            continue
        seen.add(id(node))
        lines: dict[str, int] = {}
        for child in inside:
            name, value = child if isinstance(child, tuple) else (None, child)
            waiting.append(value)
            if name is not None and isinstance(name.value, str):
                line = name.start_mark.line + 1
                if name.value in lines:
                    raise CorruptFileError(
                        f"{path} must name each setting once: `{name.value}` stands in the lines"
                        f" {lines[name.value]} and {line}."
                    )
                lines[name.value] = line
