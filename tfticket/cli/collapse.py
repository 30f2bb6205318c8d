"""`tfticket collapse`: how far each score can compress a network before a layer is emptied."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from tfticket.cli.answers import Download, Json, answer
from tfticket.cli.failures import handle_errors
from tfticket.cli.progress import shown_progress
from tfticket.reports.pictures import require_room

__all__ = ["collapse"]

_SCORES = "synflow,snip,grasp,magnitude,random"


@handle_errors
def collapse(
    model: Annotated[
        str, typer.Option(help="Network: a name of the zoo, module:function or a .keras file.")
    ],
    scores: Annotated[
        str,
        typer.Option(
            metavar="A,B=N,…",
            help="Scores to compare, with a number of rounds or the usual: 100 of synflow, 1 else.",
        ),
    ] = _SCORES,
    data: Annotated[
        str | None,
        typer.Option(help="Where SNIP and GraSP take a batch from; left out, it is made up."),
    ] = None,
    download: Download = False,
    per_decade: Annotated[int, typer.Option(help="Compressions tried to a factor of 10.")] = 4,
    keras: Annotated[str, typer.Option(help="Which Keras: keras or tf_keras.")] = "keras",
    seed: Annotated[int, typer.Option(help="Of weights, batch and random scores.")] = 0,
    plot: Annotated[
        Path | None, typer.Option(help="PNG file to draw the kept weights of each layer in.")
    ] = None,
    json: Json = False,
) -> None:
    """Find the compression at which a layer is emptied, for each score; nothing is trained."""
    asked = _rounds_of(scores)
    require_room(plot)
    from tfticket import zoo

    zoo.check_model(model)
    if data is not None:
        zoo.check_data(data, download=download)
    from tfticket import scores as scores_

    compared = [scores_.get(name) for name in asked]
    from tfticket import collapse as collapse_
    from tfticket.reports.collapse import CollapseComparison
    from tfticket.zoo.evidence import untrained_evidence

    entry = zoo.get_model(model)
    network = entry.compiled(keras=keras, seed=seed)
    evidence, notes = untrained_evidence(entry, network, data, seed, download=download)
    ratios = collapse_.compressions(network, per_decade)
    with shown_progress(as_json=json) as shown:
        curves = collapse_.compare(
            network,
            compared,
            rounds={**collapse_.PAPER_ROUNDS, **{name: n for name, n in asked.items() if n}},
            compression_ratios=ratios,
            evidence=evidence,
            on_compression=_as_events(shown.on_event, len(ratios) * len(compared)),
            check_flow=True,
        )
    comparison = CollapseComparison(model, seed, tuple(curves), notes)
    if plot is not None:
        from tfticket.reports import plots
        from tfticket.reports.collapse import plot_collapse

        batch = f"batch of {data}" if data else "made-up batch"
        title = f"{Path(model).name or model}, untrained, seed {seed}, {batch}"
        plots.save(plot_collapse(comparison.curves, title), plot)
    answer(comparison, as_json=json)


def _as_events(on_event: Callable[[Any], None], num_planned: int) -> Callable[..., None]:
    """Counts compressions over all scores."""
    from tfticket.recipes.run import Event
    from tfticket.reports.collapse import ratio_text

    done = itertools.count(1)

    def on_compression(score: str, ratio: float, kept: Mapping[str, int]) -> None:
        emptied = [path for path, count in kept.items() if not count]
        layers = "1 layer" if len(emptied) == 1 else f"{len(emptied)} layers"
        ending = f": {layers} emptied" if emptied else ""
        text = f"{score} at compression {ratio_text(ratio)}{ending}"
        on_event(Event("note", text, next(done), num_planned))

    return on_compression


def _rounds_of(scores: str) -> dict[str, int | None]:
    """Reads `synflow=10,snip`; `None` stands for the usual number."""
    found: dict[str, int | None] = {}
    for part in scores.split(","):
        name, sign, number = (word.strip() for word in part.partition("="))
        if not name or (sign and not (number.isdigit() and int(number))):
            raise ValueError(
                "`scores` must be names, of which some have a number of rounds from 1 on, like"
                f" synflow=10,snip. Received: scores={scores!r}"
            )
        found[name] = int(number) if sign else None
    return found
