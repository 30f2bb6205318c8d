"""Every recipe by its name: those in the files of this package, and a user's own."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Mapping
from types import MappingProxyType

from tfticket import references
from tfticket.recipes.base import Recipe

__all__ = ["RECIPES", "SETTINGS", "find", "name_of"]


def _recipes_here() -> dict[str, type[Recipe]]:
    """One class a file: the file's name is the recipe's."""
    package = __name__.rpartition(".")[0]
    paths = sys.modules[package].__path__
    found = {}
    for module in pkgutil.iter_modules(paths):
        if module.ispkg or module.name.startswith("_"):
            continue
        known = vars(importlib.import_module(f"{package}.{module.name}"))
        for value in known.values():
            is_own = getattr(value, "__module__", "") == f"{package}.{module.name}"
            if is_own and _is_recipe(value) and hasattr(value, "paper"):
                found[module.name] = value
    return dict(sorted(found.items(), key=lambda item: _year(item[1])))


def _year(recipe: type[Recipe]) -> str:
    return recipe.paper.authors.rpartition(" ")[2]


def _is_recipe(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Recipe)


#: Every recipe of the package by its name, the oldest paper first.
RECIPES: Mapping[str, type[Recipe]] = MappingProxyType(_recipes_here())


#: Names of all their settings.
SETTINGS = frozenset(name for recipe in RECIPES.values() for name in recipe.model_fields)


def find(name: str) -> type[Recipe]:
    """Finds a recipe.

    >>> find("synflow").paper.authors
    'Tanaka et al. 2020'

    Args:
        name: one of `RECIPES`, or `module:Class` or `path/to/file.py:Class` of a user's own.

    Raises:
        ValueError: if there is none of this name, or it is something else.
    """
    if isinstance(name, str) and name in RECIPES:
        return RECIPES[name]
    if not isinstance(name, str) or ":" not in name:
        raise ValueError(
            f"`recipe` must be one of {list(RECIPES)}, or `module:Class` or `path/to/file.py:Class`"
            f" of your own. Received: recipe={name!r}"
        )
    found = references.resolve(name)
    if not _is_recipe(found):
        raise ValueError(
            "`recipe` must name a subclass of tfticket.recipes.Recipe."
            f" Received: recipe={name!r}, which is {found!r}"
        )
    if not hasattr(found, "paper") or found.treat is Recipe.treat:
        raise ValueError(
            f"`recipe` must say its `paper` and how it goes on, `treat`. Received: recipe={name!r},"
            " in which one of the two is missing"
        )
    return found


def name_of(recipe: type[Recipe]) -> str:
    """Returns the name a recipe is found by, `module:Class` if it is a user's own.

    Args:
        recipe: a class.
    """
    own = {kind: name for name, kind in RECIPES.items()}
    return own.get(recipe, f"{recipe.__module__}:{recipe.__qualname__}")
