"""Filters: which weights a function may mask, by the patterns users write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["KINDS", "Filter", "FilterLike", "Pattern", "matching"]

KINDS = ("kernel", "embedding", "normalization", "bias", "other")

Pattern = str | Callable[[str], bool]

_KINDS_OF_PATTERN = (
    "`{name}` must hold regular expressions or callables. Received: {name}={pattern!r}"
)


@dataclass(frozen=True)
class Filter:
    """Which weights a function may mask.

    Args:
        include: a regular expression searched in the path, a callable `path -> bool`, or a list
            of these; `None` means all. A pattern that matches nothing is an error.
        exclude: the same, for weights to leave alone; wins over `include`.
        kinds: which kinds of weight may be masked, out of `KINDS`. Biases, normalisation and
            embeddings only when asked for.
        frozen: whether weights of layers with `trainable=False` count too.
    """

    include: Pattern | Sequence[Pattern] | None = None
    exclude: Pattern | Sequence[Pattern] | None = None
    kinds: tuple[str, ...] = ("kernel",)
    frozen: bool = False

    def __post_init__(self) -> None:
        unknown = [k for k in self.kinds if k not in KINDS]
        if unknown or isinstance(self.kinds, str):
            raise ValueError(
                f"`kinds` must be a tuple out of {KINDS}. Received: kinds={self.kinds}"
            )
        _check("include", self.include)
        _check("exclude", self.exclude)

    @classmethod
    def of(cls, prunable: FilterLike) -> Filter:
        """Turns what callers may pass as `prunable` into a `Filter`."""
        return prunable if isinstance(prunable, Filter) else cls(include=prunable)


FilterLike = Filter | Pattern | Sequence[Pattern] | None


def matching(
    patterns: Pattern | Sequence[Pattern] | None, paths: Iterable[str], name: str
) -> set[str]:
    """Returns the paths that any pattern matches; `None` matches all.

    Args:
        patterns: a regular expression (searched, not anchored), a callable, or a list of these.
        paths: the paths to choose from.
        name: name of the argument, for the error.

    Raises:
        ValueError: if one of the patterns matches no path.
        TypeError: if a pattern is neither text nor callable.
    """
    paths = list(paths)
    if patterns is None:
        return set(paths)
    listed = [patterns] if isinstance(patterns, str) or callable(patterns) else list(patterns)
    found: set[str] = set()
    for pattern in listed:
        hits = {p for p in paths if _matches(pattern, p, name)}
        if not hits:
            raise ValueError(
                f"`{name}` must match at least one weight: {pattern!r} matches none of"
                f" {paths}. Received: {name}={patterns!r}"
            )
        found |= hits
    return found


def _check(name: str, patterns: Any) -> None:
    """Raises if something is no pattern, before any path is met."""
    if patterns is None or callable(patterns):
        return
    is_one = isinstance(patterns, str) or not isinstance(patterns, Iterable)
    for pattern in [patterns] if is_one else patterns:
        if not isinstance(pattern, str) and not callable(pattern):
            raise TypeError(_KINDS_OF_PATTERN.format(name=name, pattern=pattern))
        try:
            re.compile(pattern if isinstance(pattern, str) else "")
        except re.error as error:
            raise ValueError(
                f"`{name}` must hold regular expressions: {error}. Received: {name}={pattern!r}"
            ) from None


def _matches(pattern: Pattern, path: str, name: str) -> bool:
    if isinstance(pattern, str):
        return re.search(pattern, path) is not None
    if callable(pattern):
        return bool(pattern(path))
    raise TypeError(_KINDS_OF_PATTERN.format(name=name, pattern=pattern))
