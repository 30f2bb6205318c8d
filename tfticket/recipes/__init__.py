"""The papers' methods: one file, one class each.

    found = recipes.lottery_ticket(model_fn, data, sparsity=0.9, replicates=3)
    print(found)
    found.ticket.save("ticket")

`RECIPES` has every class by its name. For each there is a function of that name, which takes the
model as a function, because each replicate starts from another initialisation, and the settings of
the class and of `SearchSettings`. A recipe of one's own is a subclass of `Recipe`; `search` tries
it, and so does `tfticket find my_recipe.py:MyRecipe`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfticket import _lazy
from tfticket.recipes._functions import as_function
from tfticket.recipes.base import Paper, Recipe, WeightRecipe
from tfticket.recipes.catalogue import RECIPES, find
from tfticket.recipes.search_settings import SearchSettings

if TYPE_CHECKING:
    from tfticket.recipes.run import Event, SearchResult, search

# Functions have the names of their recipes' modules, and are made when they are asked for.
for _name in RECIPES:
    del globals()[_name]

__all__ = [  # pyright: ignore[reportUnsupportedDunderAll]
    "RECIPES",
    "Event",
    "Paper",
    "Recipe",
    "SearchResult",
    "SearchSettings",
    "WeightRecipe",
    "as_function",
    "find",
    "search",
    *RECIPES,
]


_attribute = _lazy.attributes(
    __name__, dict.fromkeys(("Event", "SearchResult", "search"), "tfticket.recipes.run")
)


def __getattr__(name: str) -> Any:
    if name not in RECIPES:
        return _attribute(name)
    return globals().setdefault(name, as_function(name, RECIPES[name]))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
