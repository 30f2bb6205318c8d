"""`tfticket advise`: what pruning a model could bring, before it is pruned."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import Annotated

import typer

from tfticket.cli.failures import handle_errors
from tfticket.cli.loading import load_tensorflow

__all__ = ["advise"]


@handle_errors
def advise(
    path: Annotated[Path, typer.Argument(help="A .keras file of either Keras.")],
    keras: Annotated[
        str | None, typer.Option(help="keras or tf_keras; left out, what the file says.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say which weights could become smaller, which faster, and pruned in which way."""
    load_tensorflow()
    from tfticket import export
    from tfticket.export.keras_archive import load

    found = export.advise(load(path, keras))
    typer.echo(json_.dumps(found.to_dict(), indent=2) if json else str(found))
