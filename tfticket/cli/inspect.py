"""`tfticket inspect`: how a TFLite file stores its weights, and what can go wrong with it."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import Annotated

import typer

from tfticket.cli.failures import handle_errors

__all__ = ["inspect"]


@handle_errors
def inspect(
    path: Annotated[Path, typer.Argument(help="Any .tflite file; it is read, never run.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show how any TFLite file stores its weights, their zeros, and warnings G1 to G10."""
    from tfticket import export

    found = export.inspect(path)
    typer.echo(json_.dumps(found.to_dict(), indent=2) if json else str(found))
