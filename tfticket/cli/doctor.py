"""`tfticket doctor`: what to paste into a bug report."""

from __future__ import annotations

import json as json_

import typer

from tfticket.cli.answers import Json
from tfticket.cli.failures import handle_errors
from tfticket.tables import folded

__all__ = ["doctor"]


@handle_errors
def doctor(
    json: Json = False,
) -> None:
    """Print versions, Keras and backend, data sets found, runtimes: for a bug report."""
    from tfticket.experiments.diagnosis import diagnose

    found = diagnose()
    if json:
        typer.echo(json_.dumps(found, indent=2))
        return
    width = max(map(len, found))
    for name, value in found.items():
        shown = ", ".join(map(str, value)) or "none" if isinstance(value, list) else value
        typer.echo(folded(f"{name:{width}}  {shown}"))
