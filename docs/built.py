"""Links of a built site: whether each leads to a file that is there, and to a place in it."""

from __future__ import annotations

import html.parser
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["dead_links"]


class _Page(html.parser.HTMLParser):
    """What a page links to, and which places in it can be linked to."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes links and places of a tag."""
        given = dict(attrs)
        self.links += [link for key in ("href", "src") if (link := given.get(key))]
        self.places |= {place for key in ("id", "name") if (place := given.get(key))}


def dead_links(site: Path) -> list[str]:
    """Returns the links within a site that lead to nothing, each with its page.

    Args:
        site: folder of HTML files.
    """
    site = site.resolve()
    pages = {path: _read(path) for path in site.rglob("*.html")}
    found = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            aim = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            place = unquote(parts.fragment)
            known = pages[aim].places if aim in pages else None
            if not aim.exists() or (known is not None and place and place not in known):
                found.append(f"{path.relative_to(site)}: {link}")
    return sorted(set(found))


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page
