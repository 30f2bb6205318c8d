"""`tfticket demo`: `find` with a ready-made experiment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfticket.cli.answers import Json
from tfticket.cli.engines import Engine
from tfticket.cli.failures import handle_errors
from tfticket.cli.running import run_and_print

__all__ = ["demo"]


@handle_errors
def demo(
    out: Annotated[Path, typer.Option(help="Run folder; new, or one to go on in.")] = Path(
        "runs/demo"
    ),
    keras: Annotated[str, typer.Option(help="Which Keras: keras or tf_keras.")] = "keras",
    json: Json = False,
) -> None:
    """Find a lottery ticket on the digits data: `find` with a ready-made experiment."""
    from tfticket.experiments.demo import DEMO
    from tfticket.experiments.spec import Spec

    run_and_print(Spec(**{**DEMO, "keras": keras}), out, Engine(), as_json=json)
