"""`tfticket collapse`: how far each score can compress a network before a layer is emptied."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import Annotated

import typer

from tfticket.cli.failures import handle_errors
from tfticket.cli.loading import load_tensorflow
from tfticket.cli.progress import shown_progress

_SCORES = "synflow,snip,grasp,magnitude,random"


@handle_errors
def collapse(
    model: Annotated[
        str, typer.Option(help="Network: a name of the zoo, module:function or a .keras file.")
    ],
    scores: Annotated[str, typer.Option(metavar="A,B,…", help="Scores to compare.")] = _SCORES,
    data: Annotated[
        str | None,
        typer.Option(help="Where SNIP and GraSP take a batch from; left out, it is made up."),
    ] = None,
    rounds: Annotated[
        str | None,
        typer.Option(
            metavar="SCORE=N,…", help="Rounds of a score; left out, 100 for synflow, else 1."
        ),
    ] = None,
    per_decade: Annotated[
        int, typer.Option(min=1, help="Compressions tried to a factor of 10.")
    ] = 4,
    keras: Annotated[str, typer.Option(help="Which Keras: keras or tf_keras.")] = "keras",
    seed: Annotated[int, typer.Option(help="Of weights, batch and random scores.")] = 0,
    plot: Annotated[
        Path | None, typer.Option(help="PNG file to draw the kept weights of each layer in.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Find the compression at which a layer is emptied, for each score; nothing is trained."""
    asked = _rounds(rounds)
    load_tensorflow()
    from tfticket.experiments.collapse_study import study_collapse

    settings = {"keras": keras, "seed": seed, "data": data, "per_decade": per_decade}
    with shown_progress() as on_event:
        names = [name.strip() for name in scores.split(",")]
        study = study_collapse(model, names, rounds=asked, on_event=on_event, **settings)
    if plot is not None:
        from tfticket.reports import plots
        from tfticket.reports.collapse import plot_collapse

        plots.save(plot_collapse(study.curves, model), plot)
    typer.echo(json_.dumps(study.to_dict(), indent=2) if json else str(study))


def _rounds(text: str | None) -> dict[str, int]:
    """Reads `synflow=10,snip=5`."""
    found = {}
    for part in (text or "").split(","):
        name, sign, number = part.strip().partition("=")
        if part and not (name and sign and number.strip().isdigit() and int(number)):
            raise ValueError(
                "`rounds` must be written like synflow=100,snip=10, numbers from 1 on."
                f" Received: rounds={text!r}"
            )
        if part:
            found[name.strip()] = int(number)
    return found
