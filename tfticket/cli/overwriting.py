"""`--overwrite`, of every command that writes a file where something of others may be."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from tfticket.files.atomic import overwriting

__all__ = ["overwritable"]

_NAME = "overwrite"
_FLAG = Annotated[
    bool, typer.Option("--overwrite", help="Replace what was not written by tfticket.")
]


def overwritable(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the flag `--overwrite`, under which every file may be replaced.

    Args:
        command: with annotated parameters, none of this name.
    """

    @functools.wraps(command)
    def wrapped(*args: Any, overwrite: bool = False, **options: Any) -> None:
        before = overwriting.set(overwrite)
        try:
            command(*args, **options)
        finally:
            overwriting.reset(before)

    kind = inspect.Parameter.KEYWORD_ONLY
    flag = inspect.Parameter(_NAME, kind, default=False, annotation=_FLAG)
    # Not by `typing.get_type_hints`, which puts an Optional around defaults of None in Python 3.10.
    parameters = [*inspect.signature(command, eval_str=True).parameters.values(), flag]
    wrapped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {p.name: p.annotation for p in parameters}
    return wrapped
