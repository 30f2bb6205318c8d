"""What the package says to Python, said to who types commands: flags, paths, and what to do."""

from __future__ import annotations

import errno
import inspect
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from typer.models import ArgumentInfo, OptionInfo

__all__ = ["flags_of", "of_system", "with_flags"]

#: An argument of Python in backticks, alone or with a value.
_ARGUMENT = re.compile(r"`(?P<name>[a-z_]+)(?:=(?P<value>[^`\s]+))?`")
#: What an error says it received: a name, and the value after it.
_RECEIVED = re.compile(r"(?:Received:|,) (\w+)=['\"]?([^'\",\s]+)")
#: The name under which a file is written until it is whole.
_DRAFT = re.compile(r"^\.(.+)\.\w{8}$")
_ADVICE = {
    errno.ENOSPC: "the disk is full: make room, or choose another place",
    errno.EDQUOT: "there is no more room for you there: make some, or choose another place",
    errno.EACCES: "you may not read or write there: mend the permissions, or choose another place",
    errno.EPERM: "you may not read or write there: mend the permissions, or choose another place",
    errno.EROFS: "nothing can be written there: choose another place",
    errno.ENOENT: "there is no such file or folder, and none can be made there: check the path",
    errno.ENOTDIR: "a part of this path is a file and no folder: choose another place",
    errno.EISDIR: "this is a folder where a file is meant: name a file",
    errno.ENAMETOOLONG: "this name is too long: choose a shorter one",
    errno.ELOOP: "links lead in a circle there: choose another place",
    errno.EMFILE: "too many files are open: close other programs, or raise `ulimit -n`",
}


def flags_of(command: Callable[..., Any]) -> dict[str, str]:
    """Returns what the arguments of a command are on the command line, by their names in Python.

    Args:
        command: as typer takes it, its parameters annotated.
    """
    found = {}
    for name, parameter in inspect.signature(command, eval_str=True).parameters.items():
        for mark in getattr(parameter.annotation, "__metadata__", ()):
            if isinstance(mark, ArgumentInfo):
                found[name] = name.upper()
            elif isinstance(mark, OptionInfo):
                named = [mark.default, *(mark.param_decls or ())]  # the first one is a flag, too
                given = next((f for f in named if str(f).startswith("--")), None)
                found[name] = (given or f"--{name.replace('_', '-')}").partition("/")[0]
    return found


def with_flags(text: str, flags: Mapping[str, str], given: Mapping[str, Any] | None = None) -> str:
    """Puts flags in the place of arguments, where the command has such.

    >>> with_flags("`num_steps` must be less; set `overwrite=True`", {"num_steps": "--num-steps"})
    '--num-steps must be less; set `overwrite=True`'

    Args:
        text: of an error.
        flags: as `flags_of` returns them.
        given: what the command was called with. An argument that received the value of one flag
            alone is that flag, whatever it is called further in; left out, names decide.
    """
    received = {
        name: flag
        for name, value in _RECEIVED.findall(text)
        if (flag := _flag_with(value, flags, given or {}))
    }

    def said(found: re.Match[str]) -> str:
        name, value = found["name"], found["value"]
        flag = received.get(name) or flags.get(name, "the path" if name == "path" else None)
        if flag is None:
            return found[0]
        return flag if value in (None, "True") else f"{flag} {value.strip(chr(39))}"

    return _ARGUMENT.sub(said, text)


def _flag_with(value: str, flags: Mapping[str, str], given: Mapping[str, Any]) -> str | None:
    """Finds the only path of a command that is this one."""
    found = [n for n, v in given.items() if isinstance(v, os.PathLike) and os.fspath(v) == value]
    return flags.get(found[0]) if len(found) == 1 else None


def of_system(error: OSError) -> str:
    """Says what the system refused, with its path and what to do; what we raised, as it is.

    Args:
        error: of the system if it has a number.
    """
    if error.errno is None:
        return str(error)
    path = error.filename2 or error.filename
    advice = _ADVICE.get(error.errno, os.strerror(error.errno))
    if path is None:
        return f"{advice[0].upper()}{advice[1:]}. The system says: {error}"
    folder, name = os.path.split(os.fsdecode(path))
    shown = os.path.join(folder, _DRAFT.sub(r"\1", name))
    if error.errno == errno.EEXIST:
        is_link = os.path.islink(path) and not os.path.exists(path)
        advice = (
            "this is a link that leads nowhere: remove it, or choose another place"
            if is_link
            else "this is a file where a folder is meant: choose another place"
        )
    return f"{shown}: {advice}. The system says: {error.strerror}"
