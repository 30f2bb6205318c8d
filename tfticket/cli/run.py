"""`tfticket run`: a study, every point of its grid."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfticket.cli.answers import Json, answer
from tfticket.cli.engines import Engine, with_engine
from tfticket.cli.failures import INTERRUPTED, handle_errors
from tfticket.cli.loading import load_tensorflow
from tfticket.cli.progress import shown_progress

__all__ = ["run"]


@handle_errors
@with_engine
def run(
    study: Annotated[
        Path, typer.Argument(help="YAML or JSON file with settings and a `grid` of others.")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the study; runs go below it.")],
    repair: Annotated[bool, typer.Option("--repair", help="Compute damaged levels anew.")] = False,
    download: Annotated[
        bool, typer.Option("--download", help="Let tensorflow-datasets download the data.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say which runs there are, and which are begun.")
    ] = False,
    json: Json = False,
    engine: Engine = Engine(),
) -> None:
    """Run a study: a grid of recipes, settings, networks and data, and compare what came out.

    What exists is never trained again, so the same command goes on where it stopped, and a file
    with more replicates, controls or points trains these alone.
    """
    from tfticket.experiments.study import read_study

    asked = read_study(study)
    if dry_run:
        answer(asked.planned(out), as_json=json)
        return
    load_tensorflow()
    from tfticket.experiments.studying import run_study

    try:
        showing = shown_progress(as_json=json, track=engine.track)
        with showing as shown, engine.started() as executor:
            shown_by = {"on_event": shown.on_event, "on_progress": shown.on_progress}
            options = {"executor": executor, "repair": repair, "download": download}
            outcome = run_study(asked, out, **shown_by, **options)
    except KeyboardInterrupt:
        typer.echo(
            f"\nStopped. What was trained so far is kept in {out}; the same command goes on.",
            err=True,
        )
        raise typer.Exit(INTERRUPTED) from None
    answer(outcome, as_json=json)
    if outcome.failed:
        raise typer.Exit(1)
