"""Pages out of the repository's files, their links led to where the site has what they lead to."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

__all__ = ["Staging"]

_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\]\([^)]*\))*)\]\((?!\w+:|#)([^)\s#]+)(#[^)\s]*)?\)")
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_AS_CODE = r'<code class="docutils literal notranslate">\1</code>'
_DEFINITION = re.compile(r"^(?:class|def) [A-Za-z]", re.MULTILINE)
#: Files that become pages, by pattern, beside those in `docs/`.
_PAGES = (
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "CITATION.cff",
    ".github/*.md",
    "benchmarks/README.md",
    "benchmarks/*/*.md",
    "benchmarks/*/*.png",
    "notebooks/*.ipynb",
    "saved_models/README.md",
)
#: Made for the site, or shown there in another form.
_ELSEWHERE = {"README.md": "index.md", "docs/recipes.md": "methods/index.md"}
_LEFT_OUT = ("docs/_build", "docs/recipes.md", "docs/index.md", ".github/pull_request_template.md")


class Staging:
    """A folder of pages for Sphinx.

    Args:
        root: of the repository.
        target: the folder; made anew.

    Attributes:
        dead: links that lead to nothing in the repository.
    """

    def __init__(self, root: Path, target: Path) -> None:
        self.root, self.target = root, target
        self.dead: list[str] = []
        found = [p for pattern in _PAGES for p in root.glob(pattern)]
        found += list((root / "docs").rglob("*.md"))
        names = sorted(p.relative_to(root).as_posix() for p in found)
        self._pages = {n: _page_name(n) for n in names if not n.startswith(_LEFT_OUT)}

    def add_files(self) -> None:
        """Puts every page that is a file of the repository into the folder."""
        for name, page in self._pages.items():
            path = self.root / name
            if path.suffix == ".md":
                text = path.read_text(encoding="utf-8")
                is_titled = text.lstrip("\n").startswith("# ")
                self.add(page, text if is_titled else f"# {path.stem.title()}\n\n{text}", name)
            elif path.suffix == ".ipynb":
                self.write(page, self._notebook(path, name))
            else:
                (self.target / page).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, self.target / page)

    def add(self, page: str, text: str, name: str) -> None:
        """Puts a page into the folder, its links led to other pages.

        Args:
            page: its name there.
            text: Markdown.
            name: of the file that its links start from, whether or not it exists.
        """
        self.write(page, self._linked(text, page, name))

    def append(self, page: str, text: str) -> None:
        """Adds `text` to a `page` that is there."""
        path = self.target / page
        self.write(page, f"{path.read_text(encoding='utf-8')}\n{text}")

    def write(self, page: str, text: str) -> None:
        """Puts a `page` into the folder, its `text` as it is."""
        path = self.target / page
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def _notebook(self, path: Path, name: str) -> str:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "markdown":
                cell["source"] = self._linked("".join(cell["source"]), name, name)
        return json.dumps(notebook)

    def _linked(self, text: str, page: str, name: str) -> str:
        """Leads the links of a text, but not those in code, to where a page's reader finds them."""
        parts, end = [], 0
        for fence in _FENCE.finditer(text):
            parts += [self._outside(text[end : fence.start()], page, name), fence[0]]
            end = fence.end()
        return "".join([*parts, self._outside(text[end:], page, name)])

    def _outside(self, text: str, page: str, name: str) -> str:
        return _LINK.sub(lambda found: self._led(found, page, name), text)

    def _led(self, found: re.Match[str], page: str, name: str) -> str:
        mark, shown, link, anchor = found[1], found[2], found[3], found[4] or ""
        aim = os.path.normpath(os.path.join(os.path.dirname(name), link))
        goal = self._goal(aim)
        if goal is None:
            if not (self.root / aim).exists():
                self.dead.append(f"{name}: {link}")
            return shown  # a file that is in the repository alone
        way = os.path.relpath(goal, os.path.dirname(page) or ".")
        if goal.endswith(".html"):
            marked = re.sub("`([^`]*)`", _AS_CODE, shown)
            return f'<a href="{way}">{marked}</a>'
        return f"{mark}[{shown}]({way}{anchor})"

    def _goal(self, aim: str) -> str | None:
        """Returns what the site has of a file or folder of the repository."""
        pages = {**self._pages, **_ELSEWHERE}
        for name in (aim, f"{aim}/README.md"):
            if name in pages:
                return pages[name]
        if aim.startswith("docs/methods/") or aim in ("docs/commands.md",):
            return aim.removeprefix("docs/")
        module = re.fullmatch(r"(tfticket/(?:[a-z]\w*/)*[a-z]\w*)\.py", aim)
        if module and (self.root / aim).is_file():
            text = (self.root / aim).read_text(encoding="utf-8")
            # There is a page for each source that has something to be documented.
            return f"_modules/{module[1]}.html" if _DEFINITION.search(text) else None
        room = re.fullmatch(r"tfticket/([a-z]\w*)", aim)
        return f"api/{room[1]}.html" if room and (self.root / aim).is_dir() else None


def _page_name(name: str) -> str:
    return name.removeprefix("docs/").replace(".github/", "project/")
