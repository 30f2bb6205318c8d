"""`tfticket list`: the runs below a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfticket.cli.answers import Json, answer
from tfticket.cli.failures import handle_errors

__all__ = ["list_runs"]


@handle_errors
def list_runs(
    root: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="Folder with run folders in it.")
    ] = Path(),
    json: Json = False,
) -> None:
    """List the runs below a folder: recipe, network, data, how far each is, what it found."""
    from tfticket.experiments.listing import listing

    answer(listing(root), as_json=json)
