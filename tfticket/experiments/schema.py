"""The JSON schema of an experiment's settings, made from the recipes."""

from __future__ import annotations

from typing import Any

from tfticket.experiments.spec import USUAL_RECIPE, ExperimentSettings
from tfticket.recipes import RECIPES
from tfticket.settings import Settings, described

__all__ = ["json_schema"]


def json_schema() -> dict[str, Any]:
    """Returns the schema that files for `--config` follow: one form for each recipe.

    What the command line may add, such as the model, need not be in the file.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An experiment of tfticket",
        "oneOf": [_form(name, recipe) for name, recipe in RECIPES.items()] + [_own_recipe()],
    }


def _form(name: str, recipe: type[Settings]) -> dict[str, Any]:
    usual = name == USUAL_RECIPE
    return {
        "title": name,
        "description": " ".join((recipe.__doc__ or "").split()),
        "type": "object",
        "properties": {
            "recipe": {"const": name},
            **_properties(recipe),
            **_properties(ExperimentSettings),
        },
        "required": [] if usual else ["recipe"],
        "additionalProperties": False,
    }


def _own_recipe() -> dict[str, Any]:
    """A recipe of one's own may have any settings."""
    return {
        "title": "a recipe of one's own",
        "type": "object",
        "properties": {
            "recipe": {"type": "string", "pattern": ":"},
            **_properties(ExperimentSettings),
        },
        "required": ["recipe"],
    }


def _properties(kind: type[Settings]) -> dict[str, Any]:
    found = kind.model_json_schema()["properties"]
    for name in kind.model_fields:
        found[name].pop("title", None)
        found[name].pop("repeated", None)
        found[name]["description"] = described(kind, name)
    for name in ("controls", "export"):
        if name in found:  # both may be the word none
            kinds = found[name].pop("anyOf", None) or [
                {k: found[name].pop(k) for k in ("type", "items") if k in found[name]}
            ]
            found[name]["anyOf"] = [*kinds, {"const": "none"}]
    return found
