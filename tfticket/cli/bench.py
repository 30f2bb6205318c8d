"""`tfticket bench`: TFLite files side by side, their sizes, latencies and kernels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfticket.cli.answers import Json, answer
from tfticket.cli.failures import handle_errors
from tfticket.cli.shapes import InputShape, input_shapes
from tfticket.reports.pictures import require_room

__all__ = ["bench"]


@handle_errors
def bench(
    paths: Annotated[
        list[Path],
        typer.Argument(
            exists=True,
            help="TFLite files; the others are compared with the first. If that is sparse, its"
            " dense twin goes before it.",
        ),
    ],
    batch_size: Annotated[int, typer.Option(help="Examples per call.")] = 1,
    num_threads: Annotated[int, typer.Option("--threads", help="Threads of the interpreter.")] = 1,
    num_rounds: Annotated[
        int, typer.Option("--rounds", help="Timings of each file, taken in turn.")
    ] = 50,
    input_shape: InputShape = None,
    json: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    plot: Annotated[
        Path | None, typer.Option(help="PNG of size and latency against sparsity.")
    ] = None,
) -> None:
    """Compare TFLite files: bytes and bounds, zeros, p50 and tenths of latency, kernels."""
    require_room(plot)
    from tfticket import reports
    from tfticket.reports import plots

    found = reports.profile_files(
        paths,
        batch_size=batch_size,
        num_threads=num_threads,
        num_rounds=num_rounds,
        input_shapes=input_shapes(input_shape),
    )
    if plot is not None:
        plots.save(reports.plot_files(found), plot)
    if markdown and not json:
        typer.echo(found.markdown())  # a row of a table is one line
    else:
        answer(found, as_json=json)
