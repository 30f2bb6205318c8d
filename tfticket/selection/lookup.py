"""Scopes and granularities by name, by configuration or as objects."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tfticket.registry import by_name, look_up
from tfticket.selection.densities import ERK, SmartRatio, Uniform
from tfticket.selection.granularity import Block, Channel, Granularity, Unstructured
from tfticket.selection.n_by_m import NByM
from tfticket.selection.scope import Global, Layer, Output, Scope, Together

__all__ = ["GRANULARITIES", "SCOPES", "get_granularity", "get_scope"]

#: Every scope by its name.
SCOPES: dict[str, type[Scope]] = by_name(
    (Global, Layer, Output, Uniform, ERK, SmartRatio, Together)
)
#: Every granularity by its name.
GRANULARITIES: dict[str, type[Granularity]] = by_name((Unstructured, Block, NByM, Channel))

_SHORT = re.compile(r"(\d+)([x:])(\d+)")


def get_scope(scope: str | Mapping[str, Any] | Sequence[Any] | Scope) -> Scope:
    """Returns a scope by name, by configuration, as a list of what is ranked together, or itself.

    >>> get_scope("erk")
    ERK(power=1.0)
    >>> get_scope([("conv_1", "conv_2"), ".*"])
    Together(keys=(('conv_1', 'conv_2'), '.*'))

    Raises:
        ValueError: if there is no scope of that name, or it needs settings.
        TypeError: if it is of another kind.
    """
    if isinstance(scope, Sequence) and not isinstance(scope, str):
        return Together(tuple(scope))
    return look_up(scope, SCOPES, "scope", Scope)


def get_granularity(granularity: str | Mapping[str, Any] | Granularity) -> Granularity:
    """Returns a granularity by name, by configuration, or the object itself.

    Blocks and n:m have short names: `"4x1"` is `Block((4, 1))`, `"2:4"` is `NByM(2, 4)`.

    >>> get_granularity({"name": "block", "shape": [4, 1]})
    Block(shape=(4, 1), pooling='mean', on_misfit='raise')
    >>> get_granularity("2:4")
    NByM(n=2, m=4)

    Raises:
        ValueError: if there is no granularity of that name, or it needs settings.
        TypeError: if it is of another kind.
    """
    if isinstance(granularity, str) and (short := _SHORT.fullmatch(granularity)):
        first, sign, second = short.groups()
        sizes = int(first), int(second)
        return Block(sizes) if sign == "x" else NByM(*sizes)
    return look_up(granularity, GRANULARITIES, "granularity", Granularity)
