"""Tables as aligned text and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["aligned", "markdown"]


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]], num_left: int = 1) -> str:
    """Renders rows in columns, two spaces apart.

    >>> print(aligned(["weight", "kept"], [["dense/kernel", "10"]]))
    weight        kept
    dense/kernel    10

    Args:
        header: names of the columns.
        rows: cells, as many in each as in the header.
        num_left: how many columns are set to the left; the others go to the right.
    """
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    texts = []
    for line in lines:
        cells = [
            cell.ljust(width) if i < num_left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        texts.append("  ".join(cells).rstrip())
    return "\n".join(texts)


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Renders rows as a table in Markdown.

    >>> print(markdown(["weight", "kept"], [["dense/kernel", "10"]]))
    | weight | kept |
    |---|---|
    | dense/kernel | 10 |

    Args:
        header: names of the columns.
        rows: cells, as many in each as in the header.
    """
    first, *others = [f"| {' | '.join(line)} |" for line in (header, *rows)]
    return "\n".join([first, f"|{'---|' * len(header)}", *others])
