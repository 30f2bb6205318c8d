"""`tfticket run`: a study, every point of its grid."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfticket.cli.answers import Download, Json, answer
from tfticket.cli.engines import Engine, with_engine
from tfticket.cli.failures import handle_errors
from tfticket.cli.running import training

__all__ = ["run"]


@handle_errors
@with_engine
def run(
    study: Annotated[
        Path, typer.Argument(help="YAML or JSON file with settings and a `grid` of others.")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the study; runs go below it.")],
    repair: Annotated[bool, typer.Option("--repair", help="Compute damaged levels anew.")] = False,
    download: Download = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Check all runs; say which there are, and which are begun."),
    ] = False,
    json: Json = False,
    engine: Engine = Engine(),
) -> None:
    """Run a study: a grid of recipes, settings, networks and data, and compare what came out.

    What exists is never trained again, so the same command goes on where it stopped, and a file
    with more replicates, controls or points trains these alone.
    """
    from tfticket.experiments.naming import check_names_of_study
    from tfticket.experiments.study import read_study, require_room

    asked = read_study(study)
    require_room(out)
    check_names_of_study(asked, out, download=download)
    from tfticket.experiments.studying import check_study, run_study

    if dry_run:
        check_study(asked, out, download=download)
        answer(asked.planned(out), as_json=json)
        return
    with training(engine, out, as_json=json) as shared:
        outcome = run_study(asked, out, repair=repair, download=download, **shared)
    answer(outcome, as_json=json)
    if outcome.failed:
        raise typer.Exit(1)
