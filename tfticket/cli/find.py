"""`tfticket find`: runs an experiment, or goes on with it."""

from __future__ import annotations

import json as json_
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from tfticket.cli.failures import INTERRUPTED, told
from tfticket.cli.loading import load_tensorflow
from tfticket.cli.progress import shown_progress
from tfticket.cli.spec_options import with_spec_options

__all__ = ["run_and_print"]


@told
@with_spec_options
def find(
    settings: Mapping[str, Any],
    out: Annotated[Path, typer.Option(help="Run folder; new, or one to go on in.")],
    config: Annotated[
        Path | None, typer.Option(help="YAML or JSON file with settings; flags overrule it.")
    ] = None,
    repair: Annotated[bool, typer.Option("--repair", help="Compute damaged levels anew.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Find a ticket: train, prune, act, again; compare, choose, export.

    Every level is kept as soon as it is trained: the same command goes on where it stopped.
    """
    from tfticket.experiments.reading import read_spec

    run_and_print(read_spec(config, **settings), out, repair=repair, as_json=json)


def run_and_print(spec: Any, out: Path, *, repair: bool, as_json: bool) -> None:
    """Runs an experiment with its progress shown, then prints the outcome.

    Args:
        spec: the experiment.
        out: the run folder.
        repair: whether to compute damaged levels anew.
        as_json: whether to print JSON.
    """
    load_tensorflow()
    from tfticket.experiments.runner import run

    try:
        with shown_progress() as on_event:
            outcome = run(spec, out, on_event=on_event, repair=repair)
    except KeyboardInterrupt:
        typer.echo(
            f"\nStopped. The levels trained so far are kept in {out}; the same command goes on"
            " after the last of them.",
            err=True,
        )
        raise typer.Exit(INTERRUPTED) from None
    typer.echo(json_.dumps(outcome.to_dict(), indent=2) if as_json else outcome.text(out))
