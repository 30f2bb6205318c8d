"""`tfticket encode`: any TFLite file with its zeros encoded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfticket.cli.answers import Json, answer
from tfticket.cli.failures import handle_errors
from tfticket.cli.overwriting import overwritable
from tfticket.cli.shapes import InputShape, input_shapes

__all__ = ["encode"]


@handle_errors
@overwritable
def encode(
    path: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Any .tflite file.")],
    out: Annotated[Path, typer.Option(help="The .tflite file to write.")],
    sparse: Annotated[
        str,
        typer.Option(
            help="storage for the smallest file, compute for kernels that skip zeros, or auto,"
            " which is storage."
        ),
    ] = "auto",
    input_shape: InputShape = None,
    verify: Annotated[
        bool,
        typer.Option("--verify/--no-verify", help="Run both files and compare what they compute."),
    ] = True,
    json: Json = False,
) -> None:
    """Write any TFLite file again, with weights sparse where that is smaller and safe on phones."""
    from tfticket import export

    found = export.encode_tflite(
        path,
        out,
        sparse=sparse,  # type: ignore[arg-type]
        input_shapes=input_shapes(input_shape),
        verify=verify,
    )
    answer(found, as_json=json)
