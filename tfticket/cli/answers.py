"""What a command answers: text for people, or JSON for programs."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

__all__ = ["Json", "answer"]

#: The flag of every command that can answer in JSON.
Json = Annotated[bool, typer.Option("--json", help="Print everything as JSON.")]


def answer(found: Any, *, as_json: bool) -> None:
    """Prints what was found.

    Args:
        found: has `to_dict()` and can be printed.
        as_json: whether as JSON, indented by 2.
    """
    typer.echo(json.dumps(found.to_dict(), indent=2) if as_json else str(found))
