"""`tfticket report`: runs as one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfticket.cli.answers import Json, answer
from tfticket.cli.failures import handle_errors
from tfticket.cli.overwriting import overwritable

__all__ = ["report"]


@handle_errors
@overwritable
def report(
    paths: Annotated[
        list[Path],
        typer.Argument(exists=True, help="Run folders, or folders with run folders in them."),
    ],
    out: Annotated[Path, typer.Option(help="HTML file to write; it needs no network to be read.")],
    metric: Annotated[
        str | None,
        typer.Option(help="What networks are shown by; left out, the test metric that tells most."),
    ] = None,
    json: Json = False,
) -> None:
    """Write runs as one HTML page: figures with bands, tables, curves, files, provenance."""
    from tfticket.experiments.reporting import write_report

    answer(write_report(paths, out, metric=metric or ""), as_json=json)
