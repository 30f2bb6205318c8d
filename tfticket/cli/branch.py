"""`tfticket branch`: controls of a run that was finished without them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tfticket.cli.answers import Download, Json, answer
from tfticket.cli.engines import Engine, with_engine
from tfticket.cli.failures import handle_errors
from tfticket.cli.running import training

__all__ = ["branch"]


@handle_errors
@with_engine
def branch(
    path: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Run folder.")],
    controls: Annotated[
        list[str],
        typer.Argument(
            help="Controls: reinitialize, reinitialize_from_kept, random_sparse, reshuffle,"
            " shuffle_mask, or file.py:function of your own."
        ),
    ],
    levels: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,…", help="Of which levels; left out, the last.", show_default=False
        ),
    ] = None,
    download: Download = False,
    json: Json = False,
    engine: Engine = Engine(),
) -> None:
    """Train controls of levels of a run, beside what is there; every replicate gets them."""
    numbers = [part.strip() for part in (levels or "").split(",") if part.strip()]
    if not all(number.isdigit() for number in numbers):
        raise ValueError(f"`levels` must be numbers, like 3,5. Received: levels={levels!r}")
    from tfticket.experiments.branching import branch as branch_
    from tfticket.experiments.branching import check_branch

    asked: dict[str, Any] = {"levels": [int(number) for number in numbers]}
    check_branch(path, controls, **asked)
    asked["download"] = download
    with training(engine, path, as_json=json) as shared:
        outcome = branch_(path, controls, **asked, **shared)
    answer(outcome, as_json=json, text=outcome.text(path))
