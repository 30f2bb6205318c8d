"""What is wrong with settings, said the way the rest of the package says it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["STRUCTURED", "refuse_given", "refuse_repeated", "require_one_target", "text"]


#: Recipes whose rounds and rates may say how sparse the ticket is to be.
_BY_RATE = ("lottery_ticket", "late_rewinding", "learning_rate_rewinding", "fine_tuning")
#: Recipes that remove channels.
STRUCTURED = ("slimming", "early_bird", "l1_filters", "scratch_e", "scratch_b")


def text(error: Any, fields: Mapping[str, Any]) -> str:
    """Turns pydantic's errors into sentences, one line each.

    Args:
        error: a `pydantic.ValidationError`.
        fields: the known settings, by name, with their descriptions.
    """
    lines = [_line(item, fields) for item in error.errors(include_url=False)]
    return "\n".join(dict.fromkeys(lines))


def refuse_given(recipe: str, given: Iterable[str], refused: Iterable[str]) -> None:
    """Raises `ValueError` if a setting is given that has no meaning in a recipe.

    Args:
        recipe: the recipe's name.
        given: names of the settings that are given.
        refused: names of those that the recipe has no use for.
    """
    wrong = [name for name in refused if name in given]
    if wrong:
        is_of_weights = wrong[0] == "sparsity" and recipe in STRUCTURED
        hint = " Give `channel_sparsity`, a fraction of the channels." if is_of_weights else ""
        raise ValueError(
            f"`{wrong[0]}` must be left out: the recipe {recipe!r} has no use for it."
            f" Received: {wrong[0]} with recipe={recipe!r}.{hint}"
        )


def refuse_repeated(listed: Mapping[str, tuple]) -> None:
    """Raises `ValueError` if a list names something twice."""
    for name, values in listed.items():
        if len(set(values)) != len(values):
            raise ValueError(
                f"`{name}` must name each member once. Received: {name}={list(values)}"
            )


def require_one_target(spec: Any) -> None:
    """Raises `ValueError` unless it is clear how sparse the ticket is to be."""
    given = f"sparsity={spec.sparsity}, pruning_rate={spec.pruning_rate}, rounds={spec.rounds}"
    by_rate = spec.recipe in _BY_RATE
    if spec.recipe in STRUCTURED and (spec.sparsity is None) != (spec.channel_sparsity is None):
        return
    if spec.recipe == "bernoulli_supermask":
        return  # it finds how sparse
    if spec.recipe in STRUCTURED:
        other = " or `sparsity`" if spec.recipe.startswith("scratch") else ""
        raise ValueError(
            f"`channel_sparsity`{other} must be given: how much goes? Received:"
            f" channel_sparsity={spec.channel_sparsity}, sparsity={spec.sparsity}"
        )
    if spec.sparsity is None and (spec.rounds is None or not by_rate):
        other = ", or `rounds` instead" if by_rate else ""
        raise ValueError(f"`sparsity` must be given{other}: how sparse? Received: {given}")
    rates = [spec.pruning_rate, spec.output_pruning_rate]
    if spec.sparsity is not None and spec.rounds is not None and any(rates):
        raise ValueError(
            "`rounds` must be left out where `sparsity` and a pruning rate are given: they say how"
            f" many it takes. Received: {given}"
        )


def _line(item: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
    name = str(item["loc"][0]) if item["loc"] else ""
    if item["type"] == "extra_forbidden":
        close = difflib.get_close_matches(name, fields, n=1)
        hint = f" Did you mean `{close[0]}`?" if close else f" Settings are: {', '.join(fields)}."
        return f"`{name}` must be a setting: there is none of this name.{hint}"
    described = fields[name].description if name in fields else ""
    if item["type"] == "missing":
        return f"`{name}` must be given ({described})."
    if item["type"] == "value_error":  # one of our own, already a sentence
        return str(item["ctx"]["error"])
    rule = _rule(item["msg"])
    return f"`{name}` must {rule} ({described}). Received: {name}={item['input']!r}"


def _rule(message: str) -> str:
    for start in ("Input should be ", "String should ", "Input should "):
        if message.startswith(start):
            return ("be " if start.endswith("be ") else "") + message.removeprefix(start)
    return f"be valid: {message}"
