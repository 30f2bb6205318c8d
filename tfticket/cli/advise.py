"""`tfticket advise`: what pruning a model could bring, before it is pruned."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfticket.cli.answers import Json, answer
from tfticket.cli.failures import handle_errors

__all__ = ["advise"]


@handle_errors
def advise(
    path: Annotated[Path, typer.Argument(exists=True, help="A .keras file of either Keras.")],
    keras: Annotated[
        str | None, typer.Option(help="keras or tf_keras; left out, what the file says.")
    ] = None,
    json: Json = False,
) -> None:
    """Say which weights could become smaller, which faster, and pruned in which way."""
    from tfticket import export
    from tfticket.export.keras_archive import load

    found = export.advise(load(path, keras))
    answer(found, as_json=json)
