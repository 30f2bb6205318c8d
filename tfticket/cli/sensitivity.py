"""`tfticket sensitivity`: what a network loses as parts of single layers are masked."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Annotated

import typer

from tfticket.cli.answers import Download, Json, answer
from tfticket.cli.failures import handle_errors
from tfticket.cli.loading import check_functions
from tfticket.cli.progress import shown_progress
from tfticket.reports.pictures import require_room

__all__ = ["sensitivity"]


@handle_errors
def sensitivity(
    path: Annotated[Path, typer.Argument(exists=True, help="A trained .keras file.")],
    data: Annotated[
        str, typer.Option(help="Its data: a name of the zoo, tfds:NAME or file.py:function.")
    ],
    metric: Annotated[
        str, typer.Option(help="accuracy, mean_iou, mae, mse or rmse, on the validation data.")
    ] = "accuracy",
    sparsities: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND=A,B,…",
            help="Fractions to mask, of weights or channels, as weights=0.5,0.9; given once or"
            " twice; left out, the usual of both.",
            show_default=False,
        ),
    ] = None,
    train: Annotated[
        str | None,
        typer.Option(help="file.py:function, which trains a model a little; left out, none does."),
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="JSON file that keeps every row; started again, goes on.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="PNG file to draw it in.")] = None,
    download: Download = False,
    json: Json = False,
) -> None:
    """Say which layers a network can do without, and to what fraction: on validation data."""
    asked = _fractions(sparsities) if sparsities else None
    require_room(plot)
    check_functions(path, data, train, metric, download=download)
    from tfticket import compression, references, zoo
    from tfticket.export.keras_archive import load
    from tfticket.recipes.run import Event

    split = zoo.load_data(data, download=download).validation
    if not isinstance(split, zoo.Split):
        raise ValueError(
            f"`data` must be arrays: pipelines are for Python. Received: data={data!r}"
        )
    done = itertools.count(1)
    with shown_progress(as_json=json) as shown:

        def on_row(row: compression.SensitivityRow, num_rows: int) -> None:
            text = f"{row.sparsity:.1%} of the {row.kind} of {row.name}: {row.least_loss:+.4f}"
            shown.on_event(Event("note", text, next(done), num_rows))

        found = compression.sensitivity(
            load(path, compiled=train is not None),
            (split.x, split.y),
            metric,
            sparsities=asked,
            train=None if train is None else references.resolve(train),
            cache=cache,
            on_row=on_row,
        )
    if plot is not None:
        from tfticket.reports import plots

        plots.save(found.plot(f"{path.name} on {data}, validation"), plot)
    answer(found, as_json=json)


def _fractions(given: list[str]) -> dict[str, list[float]]:
    """Reads `weights=0.5,0.9`."""
    found = {}
    for text in given:
        kind, _, fractions = text.partition("=")
        try:
            found[kind] = [float(part) for part in fractions.split(",")]
        except ValueError:
            raise ValueError(
                "`sparsities` must be fractions of weights or channels, like weights=0.5,0.9."
                f" Received: sparsities={text!r}"
            ) from None
    return found
