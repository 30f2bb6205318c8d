"""`tfticket export`: the trained network of a run as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tfticket.cli.answers import Json, answer
from tfticket.cli.failures import handle_errors
from tfticket.cli.overwriting import overwritable

__all__ = ["export"]


@handle_errors
@overwritable
def export(
    path: Annotated[Path, typer.Argument(exists=True, help="Run folder.")],
    target: Annotated[str, typer.Option("--to", help="tflite, savedmodel, keras, onnx or seeds.")],
    out: Annotated[
        Path | None,
        typer.Option(
            help="File or folder to write; left out, beside the ticket. A SavedModel becomes one"
            " archive if this ends in .zip."
        ),
    ] = None,
    quantize: Annotated[
        str | None,
        typer.Option(
            help="Weights of a TFLite file: float32, float16, dynamic or int8, which is calibrated"
            " on the run's training examples.",
            show_default=False,
        ),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(
            help="Largest difference of a TFLite file from the network that passes, as a fraction"
            " of the output range; left out, what the type allows: 0.25 for int8.",
            show_default=False,
        ),
    ] = None,
    replicate: Annotated[
        int | None, typer.Option(help="Which replicate; left out, the chosen one.")
    ] = None,
    level: Annotated[
        int | None, typer.Option(help="Which level; left out, the chosen one.")
    ] = None,
    json: Json = False,
) -> None:
    """Export the trained network of a run; the file is run and compared before it is kept."""
    from tfticket.experiments.artifacts import export_run

    chosen = {"replicate": replicate, "level": level}
    options: dict[str, Any] = {"quantize": quantize, "tolerance": tolerance}
    report = export_run(path, target, out, **chosen, **options)
    answer(report, as_json=json)
