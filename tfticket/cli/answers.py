"""What commands share: two flags, and the answer as text for people or JSON for programs."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from tfticket.tables import folded

__all__ = ["Download", "Json", "answer"]

#: The flag of every command that can answer in JSON.
Json = Annotated[bool, typer.Option("--json", help="Print everything as JSON.")]
#: The flag of every command that reads data.
Download = Annotated[
    bool, typer.Option("--download", help="Let tensorflow-datasets download the data.")
]


def answer(found: Any, *, as_json: bool, text: str | None = None) -> None:
    """Prints what was found.

    Args:
        found: has `to_dict()` and can be printed.
        as_json: whether as JSON, indented by 2.
        text: what to print otherwise; `None` for what it says of itself.
    """
    if as_json:
        typer.echo(json.dumps(found.to_dict(), indent=2))
    else:
        typer.echo(folded(str(found) if text is None else text))
