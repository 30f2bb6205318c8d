"""`tfticket show`: what a ticket or a run consists of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfticket.cli.answers import Json, answer
from tfticket.cli.failures import handle_errors

__all__ = ["show"]


@handle_errors
def show(
    path: Annotated[Path, typer.Argument(exists=True, help="Folder of a ticket or a run.")],
    json: Json = False,
) -> None:
    """Show a ticket's layers, sparsity, model sparsity and compression ratio; a run's results."""
    from tfticket.experiments.description import describe

    described = describe(path)
    answer(described, as_json=json)
