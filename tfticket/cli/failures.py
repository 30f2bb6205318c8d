"""How a command ends when something goes wrong: one line, an exit code, no traceback."""

from __future__ import annotations

import contextvars
import functools
import os
import shutil
import sys
from collections.abc import Callable
from typing import Any

import typer

from tfticket.errors import TicketError
from tfticket.tables import fitting

__all__ = ["INTERRUPTED", "debugging", "handle_errors"]

#: The exit code of a program that was interrupted.
INTERRUPTED = 130
#: Whether errors show where they come from; `--debug` sets it.
debugging: contextvars.ContextVar[bool] = contextvars.ContextVar("debugging", default=False)

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
            kind = "" if isinstance(error, _EXPECTED) else f"{type(error).__name__}: "
            typer.echo(f"error: {kind}{error}", err=True)
            if kind:
                typer.echo("This should not happen; `tfticket --debug …` shows where.", err=True)
            raise typer.Exit(1) from error

    return guarded


def _width() -> int | None:
    """How wide tables may be: as the terminal is, or as `COLUMNS` says; in a file, as they are."""
    if sys.stdout.isatty() or "COLUMNS" in os.environ:
        return shutil.get_terminal_size().columns - 2  # some tables are indented
    return None
