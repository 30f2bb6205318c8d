"""Training from the command line, with its progress shown."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from tfticket.cli.answers import answer
from tfticket.cli.engines import Engine
from tfticket.cli.failures import INTERRUPTED
from tfticket.cli.progress import shown_progress

__all__ = ["run_and_print", "training"]


@contextlib.contextmanager
def training(engine: Engine, out: Path, *, as_json: bool) -> Iterator[dict[str, Any]]:
    """Yields what a run is given of the command line: an executor, and whom to tell of progress.

    Stopped with ^C it says that nothing is lost, and the command ends as an interrupted one.

    Args:
        engine: where trainings run.
        out: the folder that keeps what was trained.
        as_json: whether standard output is for a program; progress is told there as well.
    """
    from tfticket.recipes.run import Event

    try:
        showing = shown_progress(as_json=as_json, track=engine.track)

        def on_lost(sentence: str) -> None:
            shown.on_event(Event("note", sentence))

        with showing as shown, engine.started(on_lost) as executor:
            yield {
                "executor": executor,
                "on_event": shown.on_event,
                "on_progress": shown.on_progress,
            }
    except KeyboardInterrupt:
        typer.echo(
            f"\nStopped. The levels trained so far are kept in {out}; the same command goes on"
            " after the last of them.",
            err=True,
        )
        raise typer.Exit(INTERRUPTED) from None


def run_and_print(
    spec: Any,
    out: Path,
    engine: Engine,
    *,
    repair: bool = False,
    as_json: bool = False,
    dry_run: bool = False,
    download: bool = False,
) -> None:
    """Runs an experiment with its progress shown, then prints the outcome.

    Args:
        spec: the experiment.
        out: the run folder.
        engine: where trainings run.
        repair: whether to compute damaged levels anew.
        as_json: whether to print JSON.
        dry_run: whether only to say what would be trained; nothing is written then.
        download: whether tensorflow-datasets may download what is missing.
    """
    from tfticket.experiments.naming import check_folder, check_names

    check_names(spec, out, download=download)
    if not (repair or dry_run or spec.common.distribution == "multi_worker"):
        check_folder(spec, out)
    if dry_run:
        from tfticket.experiments.estimate import estimate

        answer(estimate(spec, download=download), as_json=as_json)
        return
    from tfticket.experiments.runner import run

    with training(engine, out, as_json=as_json) as shared:
        outcome = run(spec, out, repair=repair, download=download, **shared)
    answer(outcome, as_json=as_json, text=outcome.text(out))
