"""Tables as aligned text and as Markdown."""

from __future__ import annotations

import contextlib
import textwrap
from collections.abc import Iterator, Sequence
from contextvars import ContextVar

__all__ = ["aligned", "fitting", "folded", "markdown"]

_GAP = "  "
_MIN_NAME = 16
_limit: ContextVar[int | None] = ContextVar("limit", default=None)


def aligned(
    header: Sequence[str], rows: Sequence[Sequence[str]], num_left: int = 1, indent: int = 0
) -> str:
    """Renders rows in columns, two spaces apart, no wider than `fitting` says.

    Where they would be wider, the words of the header stand below each other, then long names are
    shortened in their middle, text runs over several lines, and columns that do not fit go below
    the others, with the names again.

    >>> print(aligned(["weight", "kept"], [["dense/kernel", "10"]]))
    weight        kept
    dense/kernel    10

    Args:
        header: names of the columns.
        rows: cells, as many in each as in the header.
        num_left: how many columns are set to the left; the others go to the right.
        indent: spaces before each line.
    """
    found, limit = [list(row) for row in rows], _limit.get()
    lines = [list(header), *found]
    if limit is None or len(header) == 1 or _total(_widths(lines)) <= limit - indent:
        return _indented(_set(lines, num_left), indent)
    limit, lines = limit - indent, [*_stacked(header, found), *found]
    if _total(_widths(lines)) <= limit:
        return _indented(_set(lines, num_left), indent)
    names = [[_shortened(line[0], max(limit // 3, _MIN_NAME)), *line[1:]] for line in lines]
    width = max(limit // 2, _MIN_NAME)
    places = _places(_widths([part for line in names for part in _broken(line, width)]), limit)
    blocks = []
    for start, stop in places:
        parts = [p for line in names for p in _broken([line[0], *line[start:stop]], width)]
        shown = [p for p in parts if any(p)]  # a header may be lower in some blocks
        blocks.append(_set(shown, 1 + max(num_left - start, 0)))
    return _indented("\n\n".join(blocks), indent)


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    r"""Renders rows as a table in Markdown; a bar in a cell is escaped, so that it ends none.

    >>> print(markdown(["weight", "kept"], [["dense/kernel", "|w| > 1"]]))
    | weight | kept |
    |---|---|
    | dense/kernel | \|w\| > 1 |

    Args:
        header: names of the columns.
        rows: cells, as many in each as in the header.
    """
    lines = [[cell.replace("|", "\\|") for cell in line] for line in (header, *rows)]
    first, *others = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([first, f"|{'---|' * len(header)}", *others])


@contextlib.contextmanager
def fitting(width: int | None) -> Iterator[None]:
    """Lets tables and paragraphs be at most so wide while the block runs.

    Args:
        width: in characters; `None` for as wide as they are.
    """
    token = _limit.set(width)
    try:
        yield
    finally:
        _limit.reset(token)


def folded(text: str, usual: int | None = None) -> str:
    """Breaks lines that are wider than `fitting` says between words; no word is broken.

    >>> print(folded("two words and two more", usual=10))
    two words
      and two
      more

    Args:
        text: of any number of lines, each a paragraph; what it is indented by stays.
        usual: how wide they may be where `fitting` says nothing; `None` for as wide as they are.
    """
    limit = _limit.get() or usual
    if limit is None:
        return text
    return "\n".join(
        line if len(line) <= limit else _folded(line, limit) for line in text.split("\n")
    )


def _folded(line: str, limit: int) -> str:
    before = line[: len(line) - len(line.lstrip())]
    return textwrap.fill(
        line.strip(),
        limit,
        initial_indent=before,
        subsequent_indent=f"{before}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _indented(text: str, indent: int) -> str:
    return textwrap.indent(text, " " * indent)


def _stacked(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """The header in several lines, so that no column is wider than a word or a cell of it."""
    widths = [max([0, *(len(row[i]) for row in rows)]) for i in range(len(header))]
    words = [
        textwrap.wrap(name, max(width, *map(len, name.split()), 1), break_on_hyphens=False)
        for name, width in zip(header, widths, strict=True)
    ]
    height = max(map(len, words))
    return [
        [part[row - height] if len(part) >= height - row else "" for part in words]
        for row in range(height)
    ]


def _widths(lines: Sequence[Sequence[str]]) -> list[int]:
    return [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _set(lines: Sequence[Sequence[str]], num_left: int) -> str:
    widths, texts = _widths(lines), []
    for line in lines:
        cells = [
            cell.ljust(width) if i < num_left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        texts.append(_GAP.join(cells).rstrip())
    return "\n".join(texts)


def _shortened(text: str, width: int) -> str:
    if len(text) <= width:
        return text
    front = (width - 1) // 3  # names differ at their ends
    return f"{text[:front]}…{text[len(text) - (width - 1 - front) :]}"


def _broken(line: Sequence[str], width: int) -> list[list[str]]:
    """A row as several, long text between words; names and numbers are never broken."""
    parts = [
        textwrap.wrap(cell, width, break_long_words=False, break_on_hyphens=False)
        if i and " " in cell
        else [cell]
        for i, cell in enumerate(line)
    ]
    even = [[text.ljust(max(map(len, part))) for text in part] for part in parts]
    height = max(map(len, parts))
    return [[part[row] if row < len(part) else "" for part in even] for row in range(height)]


def _places(widths: Sequence[int], limit: int) -> list[tuple[int, int]]:
    """Which columns besides the first stand side by side."""
    places, start = [], 1
    while start < len(widths):
        stop = start + 1
        while stop < len(widths) and _total([widths[0], *widths[start : stop + 1]]) <= limit:
            stop += 1
        places.append((start, stop))
        start = stop
    return places
