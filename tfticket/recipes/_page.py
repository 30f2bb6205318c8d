"""The recipes as a table and as a page, in Markdown."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from tfticket.recipes.base import Recipe, ordered_fields
from tfticket.settings import Settings, described
from tfticket.tables import markdown

__all__ = ["first_line", "page", "settings_of", "table"]


def table(recipes: Mapping[str, type[Recipe]]) -> str:
    """Returns a table of recipes: name, paper and one line.

    Args:
        recipes: by name.
    """
    rows = [
        [f"`{name}`", f"[{r.paper.authors}]({r.paper.link})", first_line(r)]
        for name, r in recipes.items()
    ]
    return markdown(["recipe", "paper", "what it does"], rows) + "\n"


def page(recipes: Mapping[str, type[Recipe]], others: Mapping[str, type[Settings]]) -> str:
    """Returns a page with every setting of every recipe, and others that all have.

    Args:
        recipes: by name.
        others: further kinds of settings, by heading.
    """
    parts = [_section(f"`{name}`", recipe, _paper(recipe)) for name, recipe in recipes.items()]
    parts += [_section(heading, kind, "") for heading, kind in others.items()]
    return "\n".join(parts)


def first_line(recipe: type[Recipe]) -> str:
    """Returns what a recipe does in a line.

    Args:
        recipe: any.
    """
    return inspect.cleandoc(recipe.__doc__ or "").partition("\n")[0]


def _paper(recipe: type[Recipe]) -> str:
    usual = ", ".join(f"`{name}`" for name in recipe.usual_controls) or "none"
    return f"\n[{recipe.paper.authors}]({recipe.paper.link}). Its usual controls: {usual}.\n"


def settings_of(kind: type[Settings]) -> str:
    """Returns a table of settings: name, default and meaning.

    Args:
        kind: a recipe, or another kind of settings.
    """
    rows = [
        [f"`{name}`", _default(kind.model_fields[name]), described(kind, name)]
        for name in ordered_fields(kind)
    ]
    return markdown(["setting", "default", "meaning"], rows) + "\n"


def _section(heading: str, kind: type[Settings], more: str) -> str:
    text = inspect.cleandoc(kind.__doc__ or "")
    return "\n".join([f"## {heading}\n", text, more, settings_of(kind)])


def _default(field: Any) -> str:
    if field.is_required():
        return "must be given"
    if field.default is None or field.default == ():
        return "–"
    shown = field.default
    text = ",".join(map(str, shown)) if isinstance(shown, tuple) else str(shown)
    return f"`{text}`"
