"""`tfticket bench`: how long TFLite files take, one against the other."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import Annotated

import typer

from tfticket.cli.failures import told


@told
def bench(
    paths: Annotated[
        list[Path], typer.Argument(help="TFLite files; the others are compared with the first.")
    ],
    batch_size: Annotated[int, typer.Option(help="Examples per call.")] = 1,
    threads: Annotated[int, typer.Option(help="Threads of the interpreter.")] = 1,
    rounds: Annotated[int, typer.Option(help="Timings of each file, taken in turn.")] = 50,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Time TFLite files in turn: median and tenths, speed against the first, kernels that ran."""
    from tfticket import export

    found = export.latency(paths, batch_size=batch_size, num_threads=threads, num_rounds=rounds)
    typer.echo(json_.dumps(found.to_dict(), indent=2) if json else str(found))
