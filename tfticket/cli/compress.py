"""`tfticket compress`: from a trained model to a file that fits a device."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from tfticket import files
from tfticket.cli.answers import Download, Json, answer
from tfticket.cli.failures import INTERRUPTED, handle_errors
from tfticket.cli.flags import given_of, with_flags_of
from tfticket.cli.loading import check_functions
from tfticket.cli.overwriting import overwritable
from tfticket.cli.progress import shown_progress
from tfticket.compression.budget import Budget
from tfticket.compression.choices import Choices
from tfticket.compression.store import RECORD
from tfticket.reports.pictures import require_room

__all__ = ["compress"]


@handle_errors
@overwritable
@with_flags_of(Budget=Budget, Search=Choices)
def compress(
    path: Annotated[Path, typer.Argument(exists=True, help="A trained .keras file.")],
    data: Annotated[
        str, typer.Option(help="Its data: a name of the zoo, tfds:NAME or file.py:function.")
    ],
    out: Annotated[Path, typer.Option(help="Folder of files and measurements; goes on in one.")],
    train: Annotated[
        str | None,
        typer.Option(help="file.py:function, which trains a network a little; left out, none is."),
    ] = None,
    metric: Annotated[
        str, typer.Option(help="accuracy, mean_iou, mae, mse or rmse, on the validation data.")
    ] = "accuracy",
    plot: Annotated[Path | None, typer.Option(help="PNG file to draw all files in.")] = None,
    report: Annotated[Path | None, typer.Option(help="HTML page to show all files on.")] = None,
    download: Download = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Find a file that fits a device: types, channels, weights and blocks, trained and measured.

    Whatever was measured is kept in the folder: the same command goes on where it stopped. It ends
    with status 1 if no file fits.
    """
    budget, choices = given_of(Budget, options), given_of(Choices, options)
    _require_own_files(plot, report, taken=(path, out, out / RECORD))
    check_functions(path, data, train, metric, download=download)
    from tfticket import compression, references
    from tfticket.export.keras_archive import load
    from tfticket.recipes.run import Event

    validation, test = _examples(data, download)
    with shown_progress(as_json=json) as shown, _kept_in(out):
        result = compression.compress(
            load(path, compiled=train is not None),
            None if train is None else references.resolve(train),
            validation=validation,
            test=test,
            metric=metric,
            budget=budget,
            out=out,
            on_event=lambda text, n, most: shown.on_event(Event("note", text, n, most)),
            **dict(choices),
        )
    answer(result, as_json=json)
    if plot is not None:
        from tfticket.reports import plots

        plots.save(result.plot(f"{path.name} on {data}"), plot)
    if report is not None:
        result.write_report(report, f"{path.name} on {data}")
    if not result.is_met:
        raise typer.Exit(1)


def _require_own_files(plot: Path | None, report: Path | None, taken: Iterable[Path]) -> None:
    """Makes sure, before anything long starts, that picture and page can be written at its end."""
    held = {path.absolute() for path in taken}
    for name, path in (("plot", plot), ("report", report)):
        if path is not None and path.absolute() in held:
            raise ValueError(
                f"`{name}` must be a file of its own, not the model, the folder, its record or the"
                f" picture. Received: {name}={path}"
            )
        held |= {path.absolute()} if path is not None else set()
    require_room(plot)
    if report is not None:
        from tfticket.reports.page import is_page, plotting_script

        files.require_free(report, is_ours=is_page(report), overwrite=False, is_file=True)
        plotting_script()


def _examples(data: str, download: bool) -> list[tuple[Any, Any]]:
    """Validation and test data, as arrays."""
    from tfticket import zoo

    found = zoo.load_data(data, download=download)
    pairs = []
    for split in (found.validation, found.test):
        if not isinstance(split, zoo.Split):
            raise ValueError(
                f"`data` must be arrays: pipelines are for Python. Received: data={data!r}"
            )
        pairs.append((split.x, split.y))
    return pairs


@contextmanager
def _kept_in(out: Path) -> Iterator[None]:
    """Says, when a person stops it, that nothing is lost."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(
            f"\nStopped. What was measured so far is kept in {out}; the same command goes on.",
            err=True,
        )
        raise typer.Exit(INTERRUPTED) from None
