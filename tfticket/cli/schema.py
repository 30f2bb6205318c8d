"""`tfticket schema`: what files for `--config` may hold, as a JSON schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from tfticket.cli.failures import handle_errors

__all__ = ["schema"]


@handle_errors
def schema(
    out: Annotated[
        Path | None, typer.Option(help="File to write; left out, it is printed.")
    ] = None,
) -> None:
    """Write the JSON schema of `--config` files, for editors and checks."""
    from tfticket import files
    from tfticket.experiments.schema import json_schema

    if out is None:
        typer.echo(json.dumps(json_schema(), indent=2))
    else:
        files.write_json(out, json_schema())
