"""What the site is made of is whole: seen without Sphinx, which `make docs` runs."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest

from tfticket.recipes import RECIPES

SECTIONS = ("## Formula", "## Published", "## Ours", "## Settings")
FORMULA = re.compile(r"`[^`]*[=∝·<≥√Σ|~‖−][^`]*`")


@pytest.fixture(scope="module")
def docs(root):
    """Imports a module of `docs/`, which nobody installs."""
    before = list(sys.path)
    sys.path[:0] = [str(root), str(root / "docs")]
    yield importlib.import_module
    sys.path[:] = before


@pytest.fixture(scope="module")
def pages(docs):
    return docs("methods").pages()


def test_every_recipe_has_a_page_and_the_index_has_every_recipe(pages):
    assert set(pages) == {*RECIPES, "index"}
    assert [name for name in RECIPES if f"[`{name}`]({name}.md)" not in pages["index"]] == []


@pytest.mark.parametrize("name", RECIPES)
def test_a_page_has_formula_file_published_figure_and_ours(name, docs, pages, root):
    method = docs("published").METHODS[name]
    parts = re.split("|".join(SECTIONS), pages[name])
    assert len(parts) == len(SECTIONS) + 1 and all(part.strip() for part in parts)
    _, formula, published, ours, settings = parts
    assert FORMULA.search(formula), "a docstring of `computed_in` must have the formula"
    for place in method.computed_in:
        file = place.partition(":")[0]
        assert f"[`{file}`]" in formula
        assert (root / file).is_file()
    assert len(published) > 40
    assert all(f"benchmarks/{b}/README.md" in ours for b in method.benchmarks)
    assert all(f"| `{setting}` |" in settings for setting in RECIPES[name].model_fields)


def test_figures_of_a_benchmark_are_those_of_the_catalogue(docs, pages):
    known = {one.name: one for one in docs("benchmarks.catalogue").BENCHMARKS}
    assert known["lottery_ticket"].figures in pages["lottery_ticket"]
    assert "Not measured by us yet" in pages["fine_tuning"]


def test_every_page_of_docs_is_in_the_contents(root):
    contents = (root / "docs/index.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^([\w/]+)$", contents, re.MULTILINE))
    written = {
        p.relative_to(root / "docs").with_suffix("").as_posix()
        for p in (root / "docs").rglob("*.md")
        if "_build" not in p.parts
    }
    assert written - listed - {"index", "recipes"} == set()
    guide = (root / "docs/guide.md").read_text(encoding="utf-8")
    howtos = {f"{page}.md" for page in listed if page.startswith("howto/")}
    assert howtos == set(re.findall(r"\]\((howto/\w+\.md)\)", guide))


def test_no_link_between_files_is_dead(docs, root, tmp_path):
    staging = docs("staging").Staging(root, tmp_path)
    staging.add_files()
    staging.add("index.md", (root / "README.md").read_text(encoding="utf-8"), "README.md")
    for name, text in docs("methods").pages().items():
        staging.add(f"methods/{name}.md", text, f"docs/methods/{name}.md")
    assert staging.dead == []
    assert "(howto/iterative.md)" in (tmp_path / "guide.md").read_text(encoding="utf-8")
    start = (tmp_path / "index.md").read_text(encoding="utf-8")
    assert "(notebooks/01_first_ticket.ipynb)" in start
    assert "(methods/index.md)" in start  # docs/recipes.md, for readers of the repository
    assert re.search(r'<a href="api/recipes.html"><code .*>tfticket/recipes/</code></a>', start)


def test_a_dead_link_is_named(docs, root, tmp_path):
    staging = docs("staging").Staging(root, tmp_path)
    staging.add("a.md", "[x](nowhere.md)\n```\n[z](gone.md)\n```\n", "docs/a.md")
    assert staging.dead == ["docs/a.md: nowhere.md"]


def test_links_of_built_pages_are_followed_to_their_place(docs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.html").write_text('<a href="b.html#here"></a><a href="b.html#there"></a>')
    (tmp_path / "b.html").write_text('<p id="here"></p><img src="c.png"><a href="https://x"></a>')
    assert docs("built").dead_links(Path()) == ["a.html: b.html#there", "b.html: c.png"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("keeps |w| and *all* `a*b|`", r"keeps \|w\| and \*all\* `a*b|`"),
        ("the `Variable`s of x_", r"the `Variable`\ s of x\_"),
        ("Example:\n    fit(x)\n\nThen", "Example:\n    ::\n\n        fit(x)\n\nThen"),
        ("Says.\n\n    fit(*x)\n\nThen", "Says.\n\n::\n\n    fit(*x)\n\nThen"),
        ("```yaml\na: *b\n```\nThen", ".. code-block:: yaml\n\n   a: *b\n\nThen"),
        (">>> f(*x)\n3", ">>> f(*x)\n3"),
        (
            "Args:\n    x: a `b`\n        c*\n    y: d",
            "Args:\n    x: a `b`\n        c\\*\n    y: d",
        ),
    ],
)
def test_docstrings_become_restructured_text(written, expected, docs):
    assert "\n".join(docs("docstrings").as_rest(written.split("\n"))) == expected
