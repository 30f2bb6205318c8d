"""What one reading of a pipeline tells of it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tfticket.zoo.columns import Column, columns_of
from tfticket.zoo.structures import leaves

__all__ = ["Counting", "Survey", "type_of"]


@dataclass(frozen=True)
class Survey:
    """What one reading of a pipeline tells of it.

    Args:
        element_spec: type and shape of each array of a batch, by place; sizes that vary are open.
        num_batches: of one epoch.
        num_examples: of one epoch.
        batch_size: of the first batch.
        num_classes: one more than the largest target, where targets are one whole number each.
        first_batches: digest of the first three; `None` if a second reading gave others.
        columns: types, shapes and ranges by `x`, `y`, `weights`, or `x/image` and the like.
    """

    element_spec: Mapping[str, tuple[str, tuple[int | None, ...]]]
    num_batches: int
    num_examples: int
    batch_size: int
    num_classes: int | None
    first_batches: str | None
    columns: Mapping[str, Column] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Returns what runs are compared by, as plain JSON values."""
        spec = {n: f"{dtype} {list(shape)}" for n, (dtype, shape) in self.element_spec.items()}
        return {
            "element_spec": spec,
            "num_batches": self.num_batches,
            "num_examples": self.num_examples,
            "first_batches": self.first_batches,
        }


class Counting:
    """Makes a `Survey` of batches that go by.

    Args:
        name: what messages call the pipeline.
    """

    def __init__(self, name: str):
        self.name = name
        self.sizes: list[int] = []
        self.spec: dict[str, tuple[str, tuple[int | None, ...]]] = {}
        self.columns: dict[str, Column] = {}
        self.largest: int | None = -1

    def add(self, batch: tuple[Any, ...]) -> None:
        """Counts a batch of arrays.

        Raises:
            ValueError: if its parts are not of equal length, or not finite.
        """
        found = dict(leaves(batch))
        sizes = {a.shape[0] if a.ndim else None for a in found.values()}
        if len(sizes) != 1 or None in sizes:
            raise ValueError(
                f"`{self.name}` must give batches, with as many targets as inputs: batch it, as by"
                f" `.batch(32)`. Received: shapes={[a.shape for a in found.values()]}"
            )
        where = f"{self.name}, batch {len(self.sizes)}"
        for name, column in columns_of(batch, where).items():
            self.columns[name] = self.columns.get(name, column) | column
        self.sizes.append(sizes.pop())  # type: ignore[arg-type]
        for place, array in found.items():
            dtype, shape = self.spec.get(place, (type_of(array), (None, *array.shape[1:])))
            pairs = itertools.zip_longest(shape[1:], array.shape[1:])
            self.spec[place] = (dtype, (None, *(a if a == b else None for a, b in pairs)))
        y = batch[1]
        is_class = isinstance(y, np.ndarray) and y.dtype.kind in "iu" and y.size == len(y)
        if self.largest is not None:
            self.largest = max(self.largest, int(y.max())) if is_class and y.size else None

    def survey(self, first_batches: str | None) -> Survey:
        """Returns what was counted, with the digest of the first batches.

        Raises:
            ValueError: if there was no batch.
        """
        if not self.sizes:
            raise ValueError(f"`{self.name}` must give at least one batch. Received none")
        num_classes = None if self.largest is None else self.largest + 1
        counted = len(self.sizes), sum(self.sizes), self.sizes[0]
        return Survey(dict(self.spec), *counted, num_classes, first_batches, self.columns)


def type_of(array: np.ndarray) -> str:
    """Returns the type that Keras takes an array in: float32 for float64, object for text.

    Args:
        array: any.
    """
    if array.dtype.kind in "OSU":
        return "object"
    return "float32" if array.dtype == np.float64 else array.dtype.name
