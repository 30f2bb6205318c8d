"""The page as one HTML file: text escaped, styles and scripts inside, nothing fetched.

The policy in its head lets only the page's own two scripts run and nothing be loaded, so that a
text which got past the escaping would still do nothing.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from pathlib import Path

from tfticket._version import __version__
from tfticket.optional import require
from tfticket.reports.page.contents import (
    Block,
    Facts,
    Missing,
    Plot,
    Section,
    Table,
    Text,
)

__all__ = ["Page", "is_page", "plotting_script"]


@dataclass(frozen=True)
class Page:
    """A page.

    Args:
        title: of the page.
        subtitle: a line below it.
        sections: from above to below.
        is_folded: whether the sections after the second one are to be opened by the reader.
    """

    title: str
    subtitle: str
    sections: Sequence[Section]
    is_folded: bool = False

    def html(self, library: str) -> str:
        """Returns the whole file.

        Args:
            library: the text of plotly.js.
        """
        style, script = _resource("page.css"), _resource("page.js")
        return "\n".join(
            [
                *("<!DOCTYPE html>", '<html lang="en">', "<head>", '<meta charset="utf-8">'),
                f'{_GENERATOR}{__version__}">',
                f'<meta http-equiv="Content-Security-Policy" content="{_policy(library, script)}">',
                '<meta name="viewport" content="width=device-width, initial-scale=1">',
                f"<title>{escape(self.title)}</title>",
                f"<style>\n{style}</style>",
                "</head>",
                "<body>",
                *self._body(),
                f'<script type="application/gzip" id="library">{_packed(library)}</script>',
                f"<script>{script}</script>",
                *("</body>", "</html>", ""),
            ]
        )

    def _body(self) -> Iterator[str]:
        yield '<header class="top"><div><h1>' + escape(self.title) + "</h1>"
        yield f"<p>{escape(self.subtitle)}</p></div>"
        yield '<button type="button" id="theme" hidden></button></header>'
        if len(self.sections) > 1:
            yield '<nav aria-label="Contents"><ul>'
            for number, section in enumerate(self.sections):
                yield f'<li><a href="#section-{number}">{escape(section.title)}</a></li>'
            yield "</ul></nav>"
        yield '<noscript><p class="notice">Without scripts no plot is drawn; every number is in'
        yield "the tables.</p></noscript>"
        yield '<p class="notice" id="trouble" role="status" hidden></p><main>'
        for number, section in enumerate(self.sections):
            yield from _section(section, f"section-{number}", self.is_folded and number > 1)
        yield f"</main><footer><p>Made by tfticket {__version__}. Plots by plotly.js.</p></footer>"


def plotting_script() -> str:
    """Returns the text of plotly.js, from the library that brings it.

    Raises:
        MissingDependencyError: without plotly.
    """
    return require("plotly.offline", "plotly", "report", "to write a report page").get_plotlyjs()


_GENERATOR = '<meta name="generator" content="tfticket '
#: In how many of its first bytes a page says what wrote it.
_HEAD_BYTES = 512
#: Rows of a table up to which paper does not break it.
_MAX_SHORT = 12


def is_page(path: Path) -> bool:
    """Tells whether a file is a page that this package wrote.

    Args:
        path: of a file, there or not.
    """
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return _GENERATOR.encode() in file.read(_HEAD_BYTES)


def _section(section: Section, name: str, is_folded: bool) -> Iterator[str]:
    heading = f'<h2 id="{name}-title">{escape(section.title)}</h2>'
    subtitle = f'<p class="subtitle">{escape(section.subtitle)}</p>' if section.subtitle else ""
    yield f'<section id="{name}" aria-labelledby="{name}-title">'
    if is_folded:
        yield f'<details class="fold"><summary>{heading}{subtitle}</summary>'
    else:
        yield heading + subtitle
    for number, block in enumerate(section.blocks):
        yield from _block(block, f"{name}-{number}")
    yield "</details></section>" if is_folded else "</section>"


def _block(block: Block, name: str) -> Iterator[str]:
    if isinstance(block, Plot):
        yield from _plot(block, name)
    elif isinstance(block, Table):
        yield from _table(block, name)
    elif isinstance(block, Facts):
        yield from _facts(block)
    elif isinstance(block, Missing):
        yield f'<div class="missing"><h3>{escape(block.title)}</h3>'
        yield f"<p>{escape(block.reason)}</p></div>"
    elif isinstance(block, Text):
        yield f"<h3>{escape(block.title)}</h3>"
        yield from (f"<p>{escape(text)}</p>" for text in block.paragraphs)


def _plot(block: Plot, name: str) -> Iterator[str]:
    yield f'<figure><h3 id="{name}-title">{escape(block.title)}</h3>'
    yield f'<figcaption id="{name}-text">{escape(block.description)}</figcaption>'
    yield '<div class="legend" role="group" aria-label="Shown in the plot"></div>'
    height = block.figure["layout"].get("height", 360)
    yield f'<div class="plot" role="img" aria-labelledby="{name}-title"'
    yield f' aria-describedby="{name}-text" style="min-height:{int(height)}px">'
    yield f'<script type="application/json">{_json(block.figure)}</script></div>'
    yield from (f'<p class="note">{escape(note)}</p>' for note in block.notes)
    yield "<details><summary>Numbers</summary>"
    yield from _table(block.numbers, name)
    yield "</details></figure>"


def _table(table: Table, name: str) -> Iterator[str]:
    yield f'<p class="caption" id="{name}-table">{escape(table.caption)}</p>'
    kind = "table short" if len(table.rows) <= _MAX_SHORT else "table"
    yield f'<div class="{kind}" tabindex="0" role="region" aria-labelledby="{name}-table">'
    yield f'<table aria-labelledby="{name}-table"><thead><tr>'
    yield "".join(_cell("th", n, c, table, ' scope="col"') for n, c in enumerate(table.header))
    yield "</tr></thead><tbody>"
    for row in table.rows:
        first = _cell("th", 0, row[0], table, ' scope="row"')
        others = (_cell("td", n, c, table) for n, c in enumerate(row[1:], 1))
        yield f"<tr>{first}{''.join(others)}</tr>"
    yield "</tbody></table></div>"


def _cell(kind: str, number: int, text: str, table: Table, more: str = "") -> str:
    side = "" if number < table.num_left else ' class="number"'
    whole = escape(text).replace(" ± ", "&nbsp;±&nbsp;")
    return f"<{kind}{side}{more}>{whole}</{kind}>"


def _facts(facts: Facts) -> Iterator[str]:
    yield f"<h3>{escape(facts.title)}</h3>" if facts.title else ""
    yield f'<dl class="{"facts" if facts.title else "key"}">'
    for name, value in facts.values.items():
        shown = f"<code>{escape(value)}</code>" if name in facts.code else escape(value)
        yield f"<div><dt>{escape(name)}</dt><dd>{shown}</dd></div>"
    yield "</dl>"


def _json(value: object) -> str:
    """JSON that ends no script: what HTML would read is written as an escape."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _packed(library: str) -> str:
    return base64.b64encode(gzip.compress(library.encode(), 9, mtime=0)).decode()


def _policy(*scripts: str) -> str:
    digests = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline';"
        " img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _resource(name: str) -> str:
    return resources.files("tfticket.reports.page").joinpath(name).read_text(encoding="utf-8")
