"""Scopes: where scores are ranked, and how many weights survive in each place."""

from __future__ import annotations

import abc
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from tfticket.weights import matching

__all__ = [
    "Global",
    "Group",
    "Layer",
    "Output",
    "Scope",
    "Together",
    "groups_by_key",
    "num_kept",
]

Shapes = Mapping[str, tuple[int, ...]]
#: A pattern of weight paths, each ranked by itself; or a tuple of patterns, ranked together.
Key = str | tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Weights that are ranked together.

    Args:
        paths: their paths.
        num_kept: how many of them are kept.
        sparsity: of each output, where the inputs of an output are ranked by themselves; `None`
            ranks all together.
    """

    paths: tuple[str, ...]
    num_kept: int
    sparsity: float | None = field(default=None, repr=False)


class Scope(abc.ABC):
    """Divides the survivors among groups of weights; each group is ranked by itself."""

    name: ClassVar[str]

    @abc.abstractmethod
    def groups(self, shapes: Shapes, sparsity: float, minimum: int = 0) -> list[Group]:
        """Returns groups that together hold every path once.

        Args:
            shapes: shapes of the prunable weights by path, in the order of the model.
            sparsity: cumulative fraction of these weights to mask, in [0, 1).
            minimum: how many weights of every path are kept at least.
        """

    def config(self) -> dict[str, Any]:
        """Returns the name and settings as plain JSON values, from which it can be made again."""
        settings = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        return {"name": self.name, **settings}


def num_kept(num_weights: int, sparsity: float) -> int:
    """The number of survivors of `num_weights` at a `sparsity`; exact beyond float32."""
    return round((1 - float(sparsity)) * num_weights)


def size(shape: tuple[int, ...]) -> int:
    """The number of weights of a shape, as a Python integer."""
    count = 1
    for length in shape:
        count *= int(length)
    return count


def size_of(shapes: Shapes) -> int:
    """The number of weights of several shapes together."""
    return sum(size(s) for s in shapes.values())


@dataclass(frozen=True)
class Global(Scope):
    """One ranking over all weights; some layers may lose far more than others."""

    name = "global"

    def groups(self, shapes: Shapes, sparsity: float, minimum: int = 0) -> list[Group]:
        total = num_kept(size_of(shapes), sparsity)
        return [Group(tuple(shapes), max(total, minimum * len(shapes)))]


@dataclass(frozen=True)
class Layer(Scope):
    """One ranking for each weight, all at the same sparsity, each rounded by itself."""

    name = "layer"

    def groups(self, shapes: Shapes, sparsity: float, minimum: int = 0) -> list[Group]:
        return [Group((p,), max(num_kept(size(s), sparsity), minimum)) for p, s in shapes.items()]


@dataclass(frozen=True)
class Output(Scope):
    """One ranking for each output of each weight: its inputs among themselves, all as sparse.

    Every output keeps as many weights as the others, but for one where they cannot be divided. The
    granularity is single weights, or n:m, which keeps as many of every output anyway.

    References:
        Sun et al. 2023, "A simple and effective pruning approach for large language models",
        section 3, https://arxiv.org/abs/2306.11695
    """

    name = "output"

    def groups(self, shapes: Shapes, sparsity: float, minimum: int = 0) -> list[Group]:
        counts = {p: max(num_kept(size(s), sparsity), minimum) for p, s in shapes.items()}
        return [Group((p,), count, float(sparsity)) for p, count in counts.items()]


@dataclass(frozen=True)
class Together(Scope):
    """Some weights are ranked together, others by themselves, all at the same sparsity.

    >>> scope = Together((("conv_1", "conv_2"), ".*"))
    >>> scope.groups({"conv_1": (2, 2), "conv_2": (4, 4), "dense": (10,)}, 0.5)
    [Group(paths=('conv_1', 'conv_2'), num_kept=10), Group(paths=('dense',), num_kept=5)]

    Args:
        keys: patterns of weight paths, each matching path ranked by itself; or tuples of them,
            ranked together. The first match wins, and every path must have one.
    """

    name = "together"
    keys: tuple[Key, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", tuple(_as_key(k) for k in self.keys))

    def groups(self, shapes: Shapes, sparsity: float, minimum: int = 0) -> list[Group]:
        found = []
        for _, paths in groups_by_key(self.keys, shapes, "scope"):
            count = num_kept(size_of({p: shapes[p] for p in paths}), sparsity)
            found.append(Group(paths, max(count, minimum * len(paths))))
        return found

    def config(self) -> dict[str, Any]:
        keys = [k if isinstance(k, str) else list(k) for k in self.keys]
        return {"name": self.name, "keys": keys}


def groups_by_key(
    keys: Iterable[Key], paths: Iterable[str], name: str
) -> list[tuple[Key, tuple[str, ...]]]:
    """Finds which paths each key stands for; the first match wins.

    Args:
        keys: patterns, whose paths form a group each; and tuples of patterns, whose paths form
            one group.
        paths: all weight paths.
        name: name of the argument, for the error.

    Returns:
        `(key, paths)` for every group.

    Raises:
        ValueError: if a pattern matches no path or a path has no pattern.
    """
    paths = list(paths)
    left, found = list(paths), []
    for key in keys:
        hits = matching(key if isinstance(key, str) else list(key), paths, name)
        taken = [p for p in left if p in hits]
        left = [p for p in left if p not in hits]
        alone = isinstance(key, str)
        found += [(key, (p,)) for p in taken] if alone else [(key, tuple(taken))] if taken else []
    if left:
        raise ValueError(
            f"`{name}` must cover every prunable weight: no pattern matches {left}."
            f" Add a last pattern '.*'. Received: {name}={list(keys)}"
        )
    return found


def _as_key(key: str | Sequence[str]) -> Key:
    return key if isinstance(key, str) else tuple(key)
