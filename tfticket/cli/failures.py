"""How a command ends when something goes wrong: one line, an exit code, no traceback."""

from __future__ import annotations

import contextvars
import functools
import os
import shutil
import sys
import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from tfticket.cli.wording import flags_of, of_system, with_flags
from tfticket.errors import TicketError
from tfticket.tables import fitting

__all__ = ["INTERRUPTED", "debugging", "handle_errors", "sentence_of"]

#: The exit code of a program that was interrupted.
INTERRUPTED = 130
#: Whether errors show where they come from; `--debug` sets it.
debugging: contextvars.ContextVar[bool] = contextvars.ContextVar("debugging", default=False)

_PACKAGE = Path(__file__).parents[1]
_LIBRARIES = {Path(sysconfig.get_path(n)) for n in ("stdlib", "platstdlib", "purelib", "platlib")}
_EXPECTED = (TicketError, ValueError, TypeError, OSError)


def handle_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Makes a command tell what went wrong in a line, unless `--debug` asks for the traceback.

    Args:
        command: any command.
    """

    @functools.wraps(command)
    def guarded(*args: Any, **options: Any) -> None:
        try:
            with fitting(_width()):
                command(*args, **options)
        except (typer.Exit, typer.Abort):
            raise
        except Exception as error:
            if debugging.get():
                raise
            said = with_flags(sentence_of(error), flags_of(guarded), options)
            typer.echo(f"error: {said}", err=True)
            raise typer.Exit(1) from error

    return guarded


def _width() -> int | None:
    """How wide text may be: as the terminal is, or as `COLUMNS` says; in a file, as they are."""
    if sys.stdout.isatty() or "COLUMNS" in os.environ:
        return shutil.get_terminal_size().columns
    return None


def sentence_of(error: Exception) -> str:
    """Says what went wrong, and where if it was in the user's own code.

    Args:
        error: with its traceback.
    """
    if isinstance(error, SyntaxError) and error.filename:  # his, or he could not have got here
        line = f": {error.text.strip()}" if error.text else ""
        return (
            f"{type(error).__name__}: {error.msg}\nIn {error.filename}, line {error.lineno}{line}"
        )
    is_expected = isinstance(error, _EXPECTED)
    text = str(error) if is_expected else f"{type(error).__name__}: {error}"
    text = of_system(error) if isinstance(error, OSError) else text
    own = _line_of_the_user(error)
    if own is not None:
        line = f": {own.line}" if own.line else ""
        return f"{text}\nRaised in {own.filename}, line {own.lineno}, in {own.name}{line}"
    ending = "\nThis should not happen; `tfticket --debug …` shows where."
    return text if is_expected else text + ending


def _line_of_the_user(error: Exception) -> traceback.FrameSummary | None:
    """Finds the innermost line outside libraries, unless one of tfticket's is further in."""
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, TicketError):  # ours to explain, wherever it was called
        return None
    for frame in reversed(frames):
        path = Path(frame.filename)
        if _PACKAGE in path.parents:
            return None
        is_library = any(place in path.parents for place in _LIBRARIES)
        is_made = path.name.startswith(("<", "__autograph_generated_file"))
        if not is_library and not is_made:
            return frame
    return None
