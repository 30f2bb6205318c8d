"""How many weights survive where: a sparsity and a scope in, groups out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tfticket.selection.lookup import get_scope
from tfticket.selection.scope import Group, Key, Shapes, groups_by_key, num_kept, size_of

__all__ = ["Sparsity", "budget", "check_sparsity", "sparsity_per_path"]

#: One sparsity for all weights; or one by pattern of the weight path, or by a tuple of patterns
#: whose weights are ranked together. The first match wins.
Sparsity = float | Mapping[Key, float]


def budget(
    shapes: Shapes, sparsity: Sparsity, scope: Any = "global", *, minimum: int = 0
) -> list[Group]:
    """Divides the survivors among groups of weights.

    >>> budget({"a": (10,), "b": (30,)}, 0.9, "layer")
    [Group(paths=('a',), num_kept=1), Group(paths=('b',), num_kept=3)]

    Args:
        shapes: shapes of the prunable weights by path.
        sparsity: cumulative fraction of these weights to mask, in [0, 1); or one per pattern of
            the weight path, each path then being ranked by itself; or per tuple of patterns, the
            paths of which are ranked together.
        scope: one of `SCOPES`, a `Scope`, or a list of what is ranked together. A mapping of
            sparsities says by itself what is ranked where and takes no scope but the plain ones.
        minimum: how many weights of every path are kept at least.

    Returns:
        Groups that together hold every path once.

    Raises:
        ValueError: if a sparsity is outside [0, 1), the scope is unknown, or the patterns do not
            cover every path.
    """
    found = get_scope(scope)
    check_sparsity(sparsity)
    if not isinstance(sparsity, Mapping):
        return found.groups(shapes, sparsity, minimum)
    if found.name not in ("global", "layer"):
        raise ValueError(
            "`scope` must be 'global' or 'layer' where the sparsity is given by path: it says"
            f" already what is kept where. Received: scope={scope!r}, sparsity={dict(sparsity)}"
        )
    groups = []
    for key, paths in groups_by_key(sparsity, shapes, "sparsity"):
        count = num_kept(size_of({p: shapes[p] for p in paths}), sparsity[key])
        groups.append(Group(paths, max(count, minimum * len(paths))))
    return groups


def sparsity_per_path(paths: Iterable[str], sparsity: Mapping[Key, float]) -> dict[str, float]:
    """Resolves `{pattern: sparsity}` to `{path: sparsity}`; the first match wins.

    Args:
        paths: all weight paths.
        sparsity: sparsities by pattern or by tuple of patterns.

    Raises:
        ValueError: if a pattern matches no path or a path has no pattern.
    """
    check_sparsity(sparsity)
    paths = list(paths)
    groups = groups_by_key(sparsity, paths, "sparsity")
    resolved = {path: sparsity[key] for key, hits in groups for path in hits}
    return {p: resolved[p] for p in paths}


def check_sparsity(sparsity: Sparsity) -> None:
    """Raises `ValueError` unless every sparsity is a fraction in [0, 1)."""
    values = sparsity.values() if isinstance(sparsity, Mapping) else [sparsity]
    for value in values:
        if not 0 <= value < 1:
            raise ValueError(
                "`sparsity` must be a fraction in [0, 1), not a percent."
                f" Received: sparsity={value}"
            )
