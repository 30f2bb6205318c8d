"""The command line as a whole: what goes before a command, and what all of them share."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from tfticket._version import __version__
from tfticket.cli.commands import LazyGroup
from tfticket.cli.failures import debugging
from tfticket.trust import trusting

__all__ = ["app"]

app = typer.Typer(
    name="tfticket",
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def tfticket(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
    trust: Annotated[
        bool,
        typer.Option("--trust", help="Load .keras files also with Keras before 3.11, unsafe ones."),
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Sparse subnetworks of Keras models, found, trained, checked and shipped."""
    debugging.set(debug)
    trusting.set(trust)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
