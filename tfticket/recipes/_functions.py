"""A function for every recipe: its settings and the common ones as keyword arguments."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tfticket.recipes.base import Recipe, ordered_fields
from tfticket.recipes.catalogue import SETTINGS
from tfticket.recipes.search_settings import SearchSettings
from tfticket.settings import Settings, described, sorted_out

if TYPE_CHECKING:
    from tfticket.recipes.run import SearchResult

__all__ = ["as_function"]

_MODEL_AND_DATA = """\
    model_fn: returns a compiled, built model; given the seed if it has a parameter `seed`,
        otherwise called after everything random has been seeded.
    data: a `zoo.Dataset`, `((x_train, y_train), (x_test, y_test))`, `(x, y)`, of which a tenth
        becomes the test, or pipelines: see `zoo.as_dataset`.
"""
_SHOWN = """\
    on_event: called with an `Event` before and after each training.
    progress: whether to show each network's figures and, on a terminal or in a notebook, how far a
        training is and what is left.
"""


def as_function(name: str, recipe: type[Recipe]) -> Callable[..., SearchResult]:
    """Makes the function that tries a recipe on the caller's own model and data.

    Args:
        name: of the function.
        recipe: whose settings it takes.

    Returns:
        A function of `model_fn`, `data` and settings by name, which returns a `SearchResult`.
    """

    def function(
        model_fn: Any,
        data: Any,
        *,
        on_event: Any = None,
        progress: bool = False,
        **settings: Any,
    ) -> Any:
        from tfticket.recipes.run import search

        made, _ = sorted_out(settings, (recipe, SearchSettings), f"the recipe {name!r}", SETTINGS)
        common = {n: v for n, v in settings.items() if n in SearchSettings.model_fields}
        return search(model_fn, data, made, on_event=on_event, progress=progress, **common)

    function.__name__ = function.__qualname__ = name
    function.__module__ = "tfticket.recipes"
    function.__doc__ = _docstring(recipe)
    function.__signature__ = _signature(recipe)  # type: ignore[attr-defined]
    return function


def _signature(recipe: type[Recipe]) -> inspect.Signature:
    keyword, positional = inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(name, positional) for name in ("model_fn", "data")]
    for kind in (recipe, SearchSettings):
        hints = typing.get_type_hints(kind)
        for name in ordered_fields(kind):
            default = kind.model_fields[name].default
            parameters.append(
                inspect.Parameter(name, keyword, default=default, annotation=hints[name])
            )
    parameters.append(inspect.Parameter("on_event", keyword, default=None))
    parameters.append(inspect.Parameter("progress", keyword, default=False, annotation=bool))
    return inspect.Signature(parameters)


def _docstring(recipe: type[Recipe]) -> str:
    return "\n".join(
        [
            inspect.cleandoc(recipe.__doc__ or ""),
            "\nArgs:\n"
            + _MODEL_AND_DATA
            + _arguments(recipe)
            + _arguments(SearchSettings)
            + _SHOWN,
            "Returns:\n    A `SearchResult`: the ticket, every level and what was measured.",
            "\nRaises:\n    ValueError: if a setting is wrong, or does not fit model and data.",
            f"\nReferences:\n    {recipe.paper.authors}, {recipe.paper.link}",
        ]
    )


def _arguments(kind: type[Settings]) -> str:
    lines = []
    for name in ordered_fields(kind):
        field = kind.model_fields[name]
        ending = "" if field.default is None else f" Defaults to {field.default!r}."
        lines.append(f"    {name}: {described(kind, name)}{ending}\n")
    return "".join(lines)
