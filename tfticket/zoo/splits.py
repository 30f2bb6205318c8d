"""What a data set is: arrays, or batches as they come, split into train, validation and test."""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tfticket.seeds import generator
from tfticket.zoo.columns import PARTS, Column, columns_of, require_alike
from tfticket.zoo.structures import leaves, mapped

__all__ = ["Dataset", "Split", "Task", "cut", "permutation", "validation_count"]

Task = Literal["classification", "regression"]


@dataclass(frozen=True, eq=False)
class Split:
    """Examples and their targets, in memory.

    Args:
        x: inputs `[examples, ...]`, float32; several as a dict or tuple of such.
        y: targets: class numbers `[examples]`, int64, or values `[examples, 1]`, float32; several
            as a dict or tuple of such.
        weights: of each example in the loss, `[examples]`; several, as the targets are; `None`
            counts all the same.

    Raises:
        ValueError: if there are no examples, or not as many targets or weights as inputs.
    """

    x: Any
    y: Any
    weights: Any = None

    def __post_init__(self) -> None:
        counts = {n: np.shape(a)[0] if np.ndim(a) else 0 for n, a in self.arrays().items()}
        if len(set(counts.values())) != 1 or 0 in counts.values():
            said = ", ".join(f"len({name})={count}" for name, count in counts.items())
            raise ValueError(
                "`x` and `y` must hold equally many examples, at least one, and `weights` as many."
                f" Received: {said}"
            )

    def __len__(self) -> int:
        return len(next(iter(self.arrays().values())))

    @property
    def columns(self) -> tuple[Any, ...]:
        """What `fit` takes: `(x, y)`, or `(x, y, weights)`."""
        columns = (self.x, self.y, self.weights)
        return columns[:2] if self.weights is None else columns

    @functools.cached_property
    def described(self) -> dict[str, Column]:
        """Types, shapes and ranges by name, as of `arrays`.

        Raises:
            ValueError: if values are not finite, or examples not of one shape.
        """
        return columns_of(self.columns)

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns every array by its name: `x`, `y`, `weights`, or `x/image` and the like."""
        return dict(leaves(dict(zip(PARTS, self.columns, strict=False))))

    def take(self, indices: np.ndarray) -> Split:
        """Returns a copy of the examples at these positions, in this order."""
        return Split(*mapped(lambda array: array[indices], self.columns))


@dataclass(frozen=True, eq=False)
class Dataset:
    """What a network learns.

    Attributes:
        name: what it was loaded by.
        train: what the optimizer sees; like the others a `Split`, or a `Stream` of batches.
        validation: cut from the published training examples with a seed; for early stopping and
            every other choice, so that the test examples stay untouched.
        test: as published, or as `notes` says; the same for every seed.
        task: `"classification"` or `"regression"`.
        num_classes: number of classes, `None` for regression.
        input_shape: shape of one example; `None` where there are several inputs.
        notes: what a report on this data set has to mention; may be empty.

    Raises:
        ValueError: if values are not finite, classes are negative, or validation or test is of
            other shapes than train.
    """

    name: str
    train: Any
    validation: Any
    test: Any
    task: Task
    num_classes: int | None
    input_shape: tuple[int, ...] | None
    notes: str = ""

    def __post_init__(self) -> None:
        found = {name: split.described for name, split in self.splits.items()}
        require_alike(found)
        for name, columns in found.items():
            low = columns["y"].low if "y" in columns else None
            if self.task == "classification" and low is not None and low < 0:
                raise ValueError(
                    "`data` must have classes that are numbered from 0 on; values to regress on"
                    f" are floats. Received: {low:g} among the targets of {name}"
                )

    @property
    def splits(self) -> dict[str, Any]:
        """Train, validation and test by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    def __str__(self) -> str:
        sizes = ", ".join(f"{len(split)} {name}" for name, split in self.splits.items())
        return f"{self.name}: {sizes}, {self.task}, input {self.input_shape}"


def permutation(count: int, seed: int, *names: str | int) -> np.ndarray:
    """Orders `0 … count - 1` at random, the same way on every machine.

    NumPy keeps the raw numbers of its bit generators for good, but not what `Generator` makes of
    them; so the order is that of raw numbers.

    >>> permutation(5, 0, "validation")
    array([2, 0, 3, 4, 1])

    Args:
        count: how many.
        seed: a non-negative integer.
        *names: what the order is for, see `tfticket.seeds.generator`.

    Returns:
        Positions `[count]`, int64.

    Raises:
        ValueError: if the seed is negative.
    """
    if operator.index(seed) < 0:
        raise ValueError(f"`seed` must be a non-negative integer. Received: seed={seed}")
    keys = generator(seed, *names).bit_generator.random_raw(count)
    return np.argsort(keys, kind="stable")


def validation_count(validation_size: float, available: int) -> int:
    """Turns a count or a fraction into a number of validation examples.

    Args:
        validation_size: an integer is a count, a float a fraction in (0, 1).
        available: number of examples they are cut from.

    Raises:
        ValueError: unless both parts keep at least one example.
    """
    is_fraction = isinstance(validation_size, float)
    count = round(validation_size * available) if is_fraction else operator.index(validation_size)
    if not 0 < count < available:
        raise ValueError(
            f"`validation_size` must leave at least one of the {available} training examples on"
            " either side: an integer is a count, a float a fraction."
            f" Received: validation_size={validation_size!r}"
        )
    return count


def cut(split: Split, count: int, seed: int, name: str = "validation") -> tuple[Split, Split]:
    """Cuts `count` examples off a split; both parts keep the original order.

    Args:
        split: what to cut.
        count: number of examples in the second part.
        seed: chooses which ones.
        name: what the second part is, so that one seed cuts different parts independently.

    Returns:
        `(rest, cut off)`: disjoint, and together the whole.
    """
    order = permutation(len(split), seed, name)
    return split.take(np.sort(order[count:])), split.take(np.sort(order[:count]))
