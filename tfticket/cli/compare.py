"""`tfticket compare`: several runs in one table and one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfticket.cli.answers import Json, answer
from tfticket.cli.failures import handle_errors
from tfticket.reports.pictures import require_room

__all__ = ["compare"]


@handle_errors
def compare(
    paths: Annotated[
        list[Path],
        typer.Argument(exists=True, help="Run folders, or folders with run folders in them."),
    ],
    metric: Annotated[
        str | None,
        typer.Option(help="What is compared; left out, the test metric that tells most."),
    ] = None,
    every_level: Annotated[
        bool, typer.Option("--every-level", help="Show every level, not each run's last.")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option(help="PNG file to draw the tickets of every run in.")
    ] = None,
    json: Json = False,
) -> None:
    """Compare runs: one table, and differences seed by seed to dense and to the first run."""
    require_room(plot)
    from tfticket.experiments.comparing import compare as compare_

    found = compare_(paths, metric=metric or "", every_level=every_level)
    if plot is not None:
        from tfticket.reports import plots

        plots.save(found.plot(), plot)
    answer(found, as_json=json)
