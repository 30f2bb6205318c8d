"""`tfticket inspect`: how a TFLite file stores its weights, and what can go wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfticket.cli.answers import Json, answer
from tfticket.cli.failures import handle_errors

__all__ = ["inspect"]


@handle_errors
def inspect(
    path: Annotated[
        Path, typer.Argument(exists=True, help="Any .tflite file; it is read, never run.")
    ],
    json: Json = False,
) -> None:
    """Show how any TFLite file stores its weights, their zeros, and warnings G1 to G10."""
    from tfticket import tflite

    answer(tflite.inspect(path), as_json=json)
