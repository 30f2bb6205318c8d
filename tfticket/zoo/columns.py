"""What is known of inputs, targets and weights before training, and what nobody can train on."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfticket.zoo.structures import leaves

__all__ = ["PARTS", "Column", "columns_of", "is_one_shape", "require_alike"]

#: What the parts of a batch are called.
PARTS = ("x", "y", "weights")
_WORDS = {"x": "inputs", "y": "targets", "weights": "weights"}


@dataclass(frozen=True)
class Column:
    """One array of a split, or one place in the batches of a pipeline.

    Args:
        dtype: name of its type; object for text.
        shape: of one example; sizes that vary are open.
        low: the least value; `None` where values have no order.
        high: the largest value.
    """

    dtype: str
    shape: tuple[int | None, ...]
    low: float | None = None
    high: float | None = None

    def __or__(self, other: Column) -> Column:
        """Returns what is known of both, one after the other."""
        lows = [c.low for c in (self, other) if c.low is not None]
        highs = [c.high for c in (self, other) if c.high is not None]
        pairs = itertools.zip_longest(self.shape, other.shape)
        shape = tuple(a if a == b else None for a, b in pairs)
        return Column(self.dtype, shape, min(lows, default=None), max(highs, default=None))


def columns_of(columns: Iterable[Any], what: str = "data") -> dict[str, Column]:
    """Describes the arrays of `(x, y)` or `(x, y, weights)` by their names.

    Args:
        columns: arrays, or dicts and tuples of such.
        what: whose they are, for messages.

    Returns:
        Columns by `x`, `y`, `weights`, or `x/image` and the like.

    Raises:
        ValueError: if an array has values that are not finite, or is of objects that are no text.
    """
    arrays = leaves(dict(zip(PARTS, columns, strict=False)))
    return {name: _column(array, f"{what}: {_said(name)}") for name, array in arrays}


def require_alike(splits: Mapping[str, Mapping[str, Column]]) -> None:
    """Makes sure that validation and test are of the shapes that train is of.

    Args:
        splits: columns by the names of the splits, train first; weights may be missing.

    Raises:
        ValueError: naming what differs.
    """
    first = next(iter(splits))
    wanted = _without_weights(splits[first])
    for name in list(splits)[1:]:
        found = _without_weights(splits[name])
        if set(found) != set(wanted):
            raise ValueError(
                f"`data` must have the same inputs and targets in {first} and {name}."
                f" Received: {', '.join(wanted)} in {first}, {', '.join(found)} in {name}"
            )
        for place, column in found.items():
            if not is_one_shape(column.shape, wanted[place].shape):
                raise ValueError(
                    f"`data` must have examples of one shape in {first} and {name}, and the"
                    f" {_said(place)} differ. Received: {list(wanted[place].shape)} in {first},"
                    f" {list(column.shape)} in {name}"
                )


def is_one_shape(one: Sequence[int | None], other: Sequence[int | None]) -> bool:
    """Tells whether two shapes may be the same; an axis of length 1 at their end does not count.

    Args:
        one: a shape, open lengths as `None`.
        other: another.
    """
    sizes = [tuple(s[:-1] if len(s) and s[-1] == 1 else s) for s in (one, other)]  # [n] is [n, 1]
    pairs = zip(*sizes, strict=False)
    return len(sizes[0]) == len(sizes[1]) and all(None in p or p[0] == p[1] for p in pairs)


def _without_weights(columns: Mapping[str, Column]) -> dict[str, Column]:
    return {n: c for n, c in columns.items() if n.partition("/")[0] != "weights"}


def _column(array: np.ndarray, what: str) -> Column:
    if array.dtype.kind == "O" and not all(isinstance(v, (str, bytes)) for v in array.flat):
        raise ValueError(
            f"{what} must be numbers or text, with examples of one shape: pad them, or give batches"
            " of a pipeline, each of one shape. Received: an array of objects, the first of which"
            f" is {type(array.flat[0]).__name__}"
        )
    shape = array.shape[1:]
    if array.dtype.kind not in "fiub" or not array.size:
        return Column(array.dtype.name, shape)
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        wrong = ~np.isfinite(array)
        place = np.argwhere(wrong)[0].tolist()
        raise ValueError(
            f"{what} must be finite: leave such examples out, or put numbers in their place."
            f" Received: {array[tuple(place)]} at {place}, {int(wrong.sum())} of {array.size}"
            " values are not finite"
        )
    return Column(array.dtype.name, shape, low, high)


def _said(name: str) -> str:
    part, sign, rest = name.partition("/")
    return f"{_WORDS.get(part, part)}{sign}{rest}"
