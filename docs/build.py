"""Builds the site: puts its pages together in `docs/_build`, and has Sphinx make HTML of them.

python docs/build.py

The source tree stays as it is. Links between Markdown files are those of the repository; here they
are led to the page a file became, or its source, and what leads nowhere is an error, as is every
warning of Sphinx. Notebooks are shown with the outputs that are committed.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT), str(HERE)]  # this copy of the package, whatever is installed

from staging import Staging  # noqa: E402

BUILD = HERE / "_build"
#: Of the benchmarks' first page.
_CONTENTS = "```{toctree}\n:hidden:\n:glob:\n\n*/*\n```\n"


def main() -> int:
    """Builds everything and returns what the process ends with."""
    begun = time.monotonic()
    source, html = BUILD / "source", BUILD / "html"
    for folder in (source, html):
        shutil.rmtree(folder, ignore_errors=True)
    _stage(source)
    failed = _sphinx(source, html) or _dead_links(html)
    print(f"{html / 'index.html'}, in {time.monotonic() - begun:.0f} s")
    return failed


def _stage(source: Path) -> None:
    import api
    import commands
    import methods

    staging = Staging(ROOT, source)
    staging.add_files()
    staging.add("index.md", (ROOT / "README.md").read_text(encoding="utf-8"), "README.md")
    staging.append("index.md", (HERE / "index.md").read_text(encoding="utf-8"))
    staging.append("benchmarks/README.md", _CONTENTS)
    for name, text in methods.pages().items():
        staging.add(f"methods/{name}.md", text, f"docs/methods/{name}.md")
    staging.add("commands.md", commands.page(), "docs/commands.md")
    for name, text in api.pages().items():
        staging.write(f"api/{name}.rst", text)
    if staging.dead:
        raise SystemExit("Links that lead nowhere:\n" + "\n".join(staging.dead))


def _sphinx(source: Path, html: Path) -> int:
    from sphinx.cmd.build import main as sphinx

    options = ["-b", "html", "-q", "-W", "--keep-going", "-c", str(HERE)]
    return sphinx([*options, "-d", str(BUILD / "doctrees"), str(source), str(html)])


def _dead_links(html: Path) -> int:
    from built import dead_links

    found = dead_links(html)
    print("\n".join(found))
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
