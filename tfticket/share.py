"""Which share of a model may be masked, said where it is less than half."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any

from tfticket import weights
from tfticket.filters import Filter, FilterLike

__all__ = ["PrunableShareWarning", "remark", "warn_of_share"]

_LISTED = 3
_MATRICES = ("embedding", "other", "frozen")


class PrunableShareWarning(UserWarning):
    """Less than half of the model's weights are prunable, so that a sparsity is of few of them."""


def remark(model: Any, prunable: FilterLike = None) -> str | None:
    """Says which share of a model is prunable, what is left out and how to include it.

    Args:
        model: a built model of either Keras.
        prunable: which weights may be masked, as for `weights.prunable_weights`.

    Returns:
        A sentence or two; `None` if at least half is prunable, if no matrix is left out but by
        patterns of the caller, or if the caller chose by patterns.

    Raises:
        ValueError: if a pattern matches nothing, or nothing is left to prune.
    """
    rule = Filter.of(prunable)
    found, variables = weights.prunable_weights(model, rule), weights.variables(model)
    sizes = _sizes(variables)
    share = sum(sizes[p] for p in found.variables) / sum(sizes.values())
    left = {
        p: str(weights.missing_option(reason))
        for p, reason in found.skipped.items()
        if p in sizes
        and len(variables[p].shape) > 1
        and weights.missing_option(reason) in _MATRICES
    }
    if share >= 0.5 or not left or rule.include is not None or rule.exclude is not None:
        return None
    kinds = [o for o in dict.fromkeys(left.values()) if o != "frozen"]
    options = [f"kinds={(*rule.kinds, *kinds)}"] if kinds or rule.kinds != ("kernel",) else []
    options += ["frozen=True"] if rule.frozen or "frozen" in left.values() else []
    total, own = sum(sizes.values()), sum(sizes[p] for p in found.variables)
    return (
        f"{share:.0%} of the weights of `model` are prunable ({own:,} of {total:,}): a sparsity is"
        f" a fraction of these alone. Left out are {_listed(left, sizes)}. To include them:"
        f" prunable=Filter({', '.join(options)}), with a pattern of paths as `include` for some of"
        " them; a recipe has `kinds` for it."
    )


def warn_of_share(model: Any, prunable: FilterLike = None) -> None:
    """Warns with a `PrunableShareWarning` where `remark` has something to say.

    Args:
        model: a built model of either Keras.
        prunable: which weights may be masked, as for `weights.prunable_weights`.
    """
    if (text := remark(model, prunable)) is not None:
        warnings.warn(text, PrunableShareWarning, stacklevel=3)


def _sizes(variables: Mapping[str, Any]) -> dict[str, int]:
    """How many numbers each weight has; counters, random states and what is adapted have none."""
    return {
        p: math.prod(v.shape)
        for p, v in variables.items()
        if "float" in str(getattr(v.dtype, "name", v.dtype)) and None not in v.shape
    }


def _listed(left: dict[str, str], sizes: dict[str, int]) -> str:
    """Lists what is left out by the option that would include it, the largest first."""
    by_option: dict[str, list[str]] = {}
    for path in sorted(left, key=lambda p: -sizes[p]):
        by_option.setdefault(left[path], []).append(path)
    parts = []
    for option, paths in by_option.items():
        what = "that are frozen" if option == "frozen" else f"of kind {option!r}"
        more = ", …" if len(paths) > _LISTED else ""
        count = sum(sizes[p] for p in paths)
        parts.append(f"{count:,} {what} ({', '.join(paths[:_LISTED])}{more})")
    return " and ".join(parts)
