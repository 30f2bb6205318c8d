"""The list of bad inputs: command lines of `commands.txt`, and calls; and what becomes of each."""

from __future__ import annotations

import os
import re
import shutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.bad_inputs.calls import CALLS, TRAINING
from tfticket.errors import TicketError

__all__ = ["Case", "Outcome", "all_cases", "tried"]

_COMMANDS = Path(__file__).with_name("commands.txt")
#: What errors of the package are.
_OURS = (TicketError, ValueError, TypeError, OSError)
#: Arguments of Python in a message of a command: `overwrite`, `download=True`.
_PYTHON = re.compile(r"`[a-z]+_[a-z_]+`|`overwrite`|`\w+=(True|False)`")


@dataclass(frozen=True)
class Case:
    """One bad input.

    Args:
        name: the command line, or what is wrong with a call.
        run: does it, in a folder made by `workshop.make`, and returns what is said.
        says: parts that must be said: what was received, and what to do.
        is_fast: whether nothing is trained.
    """

    name: str
    run: Callable[[Path], Outcome]
    says: tuple[str, ...]
    is_fast: bool = True


@dataclass(frozen=True)
class Outcome:
    """What became of a bad input.

    Args:
        kind: `"clear"`, `"unclear"` if a part is not said, `"traceback"` if it ended as nobody
            meant it to, `"silent"` if it went through.
        said: the message.
    """

    kind: str
    said: str = ""


def all_cases() -> list[Case]:
    """Returns every case: commands, then calls."""
    calls = [(case, True) for case in CALLS] + [(case, False) for case in TRAINING]
    made = [
        Case(name, lambda f, c=call: _called(c, f), says, is_fast)
        for (name, call, says), is_fast in calls
    ]
    return [*_commands(), *made]


def tried(case: Case, folder: Path) -> Outcome:
    """Tries a case, and looks for what must be said.

    Args:
        case: any.
        folder: made by `workshop.make`; what the case writes there is removed.
    """
    shutil.rmtree(folder / "run", ignore_errors=True)
    found = case.run(folder)
    missing = [part for part in case.says if part not in found.said]
    return Outcome("unclear", found.said) if found.kind == "clear" and missing else found


def _commands() -> Iterator[Case]:
    """Reads blocks: a command line, and indented what must be said."""
    blocks = re.split(r"\n(?=\S)", _COMMANDS.read_text(encoding="utf-8").strip())
    for line, *says in (block.splitlines() for block in blocks):
        parts = tuple(part.strip() for part in says)
        yield Case(line, lambda f, line=line: _typed(line, f), parts)


def _typed(line: str, folder: Path) -> Outcome:
    from typer.testing import CliRunner

    from tfticket.cli.app import app

    typed = [part.replace("{f}", str(folder)) for part in line.split(" ")]
    arguments = ["--trust", *typed]  # older Kerases load no file without
    here = Path.cwd()
    os.chdir(folder)
    try:
        done = CliRunner().invoke(app, arguments, env={"COLUMNS": "1000", "TERMINAL_WIDTH": "1000"})
    finally:
        os.chdir(here)
    said = " ".join(re.sub(r"[│╭╮╰╯─]", " ", done.output).split()).replace(str(folder), "{f}")
    if done.exit_code == 0:
        return Outcome("silent", said)
    is_planned = isinstance(done.exception, SystemExit)
    if not is_planned or "should not happen" in said or "Traceback" in said:
        return Outcome("traceback", f"{said} {done.exception!r}")
    return Outcome("unclear" if _PYTHON.search(said) else "clear", said)


def _called(call: Callable[[Path], Any], folder: Path) -> Outcome:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call(folder)
    except _OURS as error:
        return Outcome("clear", str(error))
    except Exception as error:
        return Outcome("traceback", f"{type(error).__name__}: {error}")
    return Outcome("silent")
