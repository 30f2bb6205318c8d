"""A page for each method: its formula, the file that has it, published figures, ours, settings.

All of it is told elsewhere: by the docstrings of what computes it, by `published.py`, by the
catalogue of the benchmarks and by the recipe's own class.
"""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

from published import METHODS, Method

from benchmarks.catalogue import BENCHMARKS
from tfticket.experiments.spec import ExperimentSettings
from tfticket.recipes import RECIPES, Recipe
from tfticket.recipes._page import settings_of, table

__all__ = ["docstring", "pages"]

ROOT = Path(__file__).resolve().parents[1]
_SECTION = re.compile(r"^(?:Args|Attributes|Returns|Raises|References|Examples?):$", re.MULTILINE)
_DOCTEST = re.compile(r"^>>>.*?(?:\n\n|\Z)", re.MULTILINE | re.DOTALL)
_BENCHMARKS = {one.name: one for one in BENCHMARKS}

_INDEX = """# Methods

Every recipe is a paper's method, one file and one page. Settings have one name: in Python
(`tt.recipes.slimming(model_fn, data, penalty=1e-3)`), on the command line
(`tfticket find slimming --penalty 1e-3`) and in files (`penalty: 1e-3`).

"""
_COMMON = """## Settings of every experiment

Beside a recipe's own:

"""


def pages() -> dict[str, str]:
    """Returns the Markdown of every page by its name, with links as from `docs/methods/`."""
    found = {name: _page(name, recipe, METHODS[name]) for name, recipe in RECIPES.items()}
    linked = re.sub(r"^\| `(\w+)`", r"| [`\1`](\1.md)", table(RECIPES), flags=re.MULTILINE)
    index = [_INDEX, linked, "\n", _toctree(found), _COMMON, settings_of(ExperimentSettings)]
    return {**found, "index": "".join(index)}


def docstring(place: str) -> str:
    """Returns what a docstring says before its first section, without examples.

    Args:
        place: `file:name`, from the top of the repository.
    """
    file, _, name = place.partition(":")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    kinds = (ast.ClassDef, ast.FunctionDef)
    (found,) = (n for n in tree.body if isinstance(n, kinds) and n.name == name)
    text = _SECTION.split(ast.get_docstring(found) or "")[0]
    return _DOCTEST.sub("", text).strip()


def _page(name: str, recipe: type[Recipe], method: Method) -> str:
    own = Path(inspect.getfile(recipe)).resolve().relative_to(ROOT)
    return "\n\n".join(
        [
            f"# `{name}`",
            inspect.cleandoc(recipe.__doc__ or ""),
            f"[{recipe.paper.authors}]({recipe.paper.link}). The recipe: {_file(str(own))}.",
            "## Formula",
            *(
                f"**`{p.partition(':')[2]}`**, {_file(p)}\n\n{docstring(p)}"
                for p in method.computed_in
            ),
            "## Published",
            method.published,
            "## Ours",
            _ours(method),
            "## Settings",
            "Its usual controls: "
            + (", ".join(f"`{c}`" for c in recipe.usual_controls) or "none")
            + ".",
            settings_of(recipe),
        ]
    )


def _file(place: str) -> str:
    file = place.partition(":")[0]
    return f"[`{file}`](../../{file})"


def _ours(method: Method) -> str:
    rows = [_BENCHMARKS[name] for name in method.benchmarks]
    said = [
        f"- [`{b.name}`](../../benchmarks/{b.name}/README.md): {b.question}\n  {b.figures}."
        for b in rows
    ]
    return "\n".join(said) or "Not measured by us yet, beyond the tests."


def _toctree(names: dict[str, str]) -> str:
    return "\n".join(["```{toctree}", ":hidden:", "", *names, "```", "", ""])
