"""Where scores are ranked, and how many weights survive in each place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tfticket.weights import matching

__all__ = ["SCOPES", "Group", "budget", "num_kept", "sparsity_per_path"]

SCOPES = ("global", "layer")

#: One sparsity for all weights, or one by weight path pattern (first match wins).
Sparsity = float | Mapping[str, float]


@dataclass(frozen=True)
class Group:
    """Weights that are ranked together, and how many of them are kept."""

    paths: tuple[str, ...]
    num_kept: int


def num_kept(num_weights: int, sparsity: float) -> int:
    """The number of survivors, `round((1 - sparsity) * num_weights)`, in exact integers."""
    return round((1 - sparsity) * num_weights)


def budget(sizes: Mapping[str, int], sparsity: Sparsity, scope: str = "global") -> list[Group]:
    """Divides the survivors among groups of weights.

    Args:
        sizes: number of prunable weights by path.
        sparsity: cumulative fraction of these weights to mask, in [0, 1); or one per pattern of
            the weight path, each path then being ranked by itself.
        scope: `"global"`, one ranking over all; `"layer"`, one per weight at equal sparsity.

    Returns:
        Groups that together hold every path once.

    Raises:
        ValueError: if a sparsity is outside [0, 1), the scope is unknown, or the patterns do not
            cover every path.
    """
    if isinstance(sparsity, Mapping):
        per_path = sparsity_per_path(sizes, sparsity)
        return [Group((p,), num_kept(sizes[p], s)) for p, s in per_path.items()]
    _check(sparsity)
    if scope == "global":
        return [Group(tuple(sizes), num_kept(sum(sizes.values()), sparsity))]
    if scope == "layer":
        return [Group((p,), num_kept(n, sparsity)) for p, n in sizes.items()]
    raise ValueError(f"`scope` must be one of {SCOPES}. Received: scope={scope!r}")


def sparsity_per_path(paths: Mapping[str, object], sparsity: Mapping[str, float]) -> dict:
    """Resolves `{pattern: sparsity}` to `{path: sparsity}`; the first match wins.

    Raises:
        ValueError: if a pattern matches no path or a path has no pattern.
    """
    resolved: dict[str, float] = {}
    for pattern, value in sparsity.items():
        _check(value)
        for path in matching(pattern, paths, "sparsity"):
            resolved.setdefault(path, value)
    missing = [p for p in paths if p not in resolved]
    if missing:
        raise ValueError(
            f"`sparsity` must cover every prunable weight: no pattern matches {missing}."
            f" Add a last pattern '.*'. Received: sparsity={dict(sparsity)}"
        )
    return {p: resolved[p] for p in paths}


def _check(sparsity: float) -> None:
    if not 0 <= sparsity < 1:
        raise ValueError(
            "`sparsity` must be a fraction in [0, 1), not a percent."
            f" Received: sparsity={sparsity}"
        )
