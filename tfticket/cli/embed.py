"""`tfticket embed` and `snippet`: a TFLite file in use, on a microcontroller and elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfticket.cli.answers import Json, answer
from tfticket.cli.failures import handle_errors

__all__ = ["embed", "snippet"]

_File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A .tflite file.")]


@handle_errors
def embed(
    path: _File,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the sources; left out, the file is only looked at.",
            show_default=False,
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="Of the array in C.")] = "network",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a folder that is not of this command.")
    ] = False,
    json: Json = False,
) -> None:
    """Say what a TFLite file needs on a microcontroller, and write its C++ sources."""
    from tfticket import litert, tflite

    if out is None:
        found = tflite.micro(path)
        answer(found, as_json=json)
        if found.obstacles:
            raise typer.Exit(1)
        return
    answer(litert.embed(path, out, name=name, overwrite=overwrite), as_json=json)


@handle_errors
def snippet(
    path: _File,
    language: Annotated[str, typer.Option(help="python, or kotlin for Android.")] = "python",
) -> None:
    """Print a program that runs a TFLite file, with its own names, shapes and types in it."""
    from tfticket import tflite

    typer.echo(tflite.snippet(path, language), nl=False)
