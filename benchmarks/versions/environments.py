"""Finds interpreters and makes the environment of a row."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from rows import Row

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".matrix"
#: Asks an environment what it has of what tfticket names, and of what its arguments name.
_ASK = """
import importlib.metadata, json, re, sys
named = {re.match(r"[\\w.-]+", r)[0] for r in importlib.metadata.requires("tfticket")}
found = {"python": sys.version.partition(" ")[0]}
for name in sorted({re.sub("[_.]", "-", name).lower() for name in {*named, *sys.argv[1:]}}):
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps(found))
"""


class NotRunError(Exception):
    """A row cannot be run here; the message says why."""


def interpreter(version: str, given: Mapping[str, str]) -> str:
    """Returns the path of a Python: one that was given, one that uv, the shell or pyenv has.

    Args:
        version: as in "3.13".
        given: paths by version; they go first.

    Raises:
        NotRunError: if there is none.
    """
    for path in _candidates(version, given):
        if _version(path).startswith(f"{version}."):
            return path
    raise NotRunError(f"no Python {version} was found; give one by --python {version}=PATH")


def prepare(row: Row, python: str) -> Path:
    """Makes the environment of a row, or brings it up to date.

    Returns:
        The path of its Python.

    Raises:
        NotRunError: if its versions cannot be installed.
    """
    place = FOLDER / row.name
    inside = place / "bin" / "python"
    wanted = [*row.packages, "--editable", f"{ROOT}[{row.extras}]"]
    uv = _uv()
    if uv:
        make = [*uv, "venv", "--quiet", "--clear", "--python", python, str(place)]
        install = [*uv, "pip", "install", "--quiet", "--upgrade", "--python", str(inside)]
        install += ["--resolution", "lowest-direct"] if row.is_lowest else []
    elif row.is_lowest:
        raise NotRunError("only uv can install what is lowest: pip install uv")
    else:
        make = [python, "-m", "venv", "--clear", str(place)]
        install = [str(inside), "-m", "pip", "install", "--quiet", "--prefer-binary"]
    is_made = _version(str(inside)) == _version(python)
    for command in ([] if is_made else [make]) + [[*install, *wanted]]:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            raise NotRunError(f"its versions cannot be installed: {done.stderr.strip()[-1000:]}")
    return inside


def versions(python: Path) -> dict[str, str]:
    """Returns the versions of Python and of what tfticket names, and of two that others pin."""
    return json.loads(_answer([str(python), "-c", _ASK, "protobuf", "absl-py"]))


def _candidates(version: str, given: Mapping[str, str]) -> Iterator[str]:
    if version in given:
        yield given[version]
    uv = _uv()
    if uv:
        yield _answer([*uv, "python", "find", "--no-python-downloads", version])
    yield shutil.which(f"python{version}") or ""
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    yield from (str(p) for p in sorted(pyenv.glob(f"versions/{version}.*/bin/python")))


def _uv() -> list[str]:
    beside = Path(sys.executable).parent / "uv"
    found = str(beside) if beside.exists() else shutil.which("uv")
    return [found] if found and _answer([found, "--version"]) else []


def _version(python: str) -> str:
    return _answer([python, "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])"])


def _answer(command: list[str]) -> str:
    """What a command prints; nothing if it cannot be run or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return ""
    return "" if done.returncode else done.stdout.strip()
