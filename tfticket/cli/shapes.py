"""`--input-shape`, of commands that run files."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["InputShape", "input_shapes"]

#: The flag itself.
InputShape = Annotated[
    list[str] | None,
    typer.Option(
        help="Shape of an input that the file leaves open: 1,224,224,3, or NAME=1,16 where there"
        " are several; repeated for each.",
        show_default=False,
    ),
]


def input_shapes(given: list[str] | None) -> dict[str, tuple[int, ...]]:
    """Reads shapes by the name of their input, "" where none is given.

    Args:
        given: as they stand on the command line.

    Raises:
        ValueError: for a shape that is none.
    """
    found = {}
    for text in given or ():
        name, _, shape = text.rpartition("=")
        numbers = shape.split(",")
        if not all(number.strip().isdecimal() and int(number) > 0 for number in numbers):
            raise ValueError(
                "--input-shape must be whole numbers from 1 on, as in 1,224,224,3 or NAME=1,16."
                f" Received: {text}"
            )
        found[name] = tuple(int(number) for number in numbers)
    return found
