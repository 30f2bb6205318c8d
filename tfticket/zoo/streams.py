"""Batches as they come: a `tf.data.Dataset`, a `PyDataset`, or anything that can be read again.

What is read of a pipeline at the start is all that is known of it: it is gone through once, and
its first batches are read a second time. Where they are the same, the batch at a step depends on
the seed and the step alone, as it does for arrays; where they are not, notes say so.

A pipeline that is a function is called before each reading, with everything random seeded.
"""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tfticket import files
from tfticket.determinism import seeded
from tfticket.seeds import derived_seed
from tfticket.zoo.columns import Column
from tfticket.zoo.splits import permutation
from tfticket.zoo.structures import leaves, mapped
from tfticket.zoo.survey import Counting, Survey, type_of

if TYPE_CHECKING:
    import tensorflow as tf

__all__ = ["Stream", "is_pipeline"]

#: How many batches are read twice.
_COMPARED = 3


def is_pipeline(given: Any) -> bool:
    """Tells whether something gives batches: it can be iterated or called, and is no array.

    Args:
        given: anything.
    """
    if isinstance(given, (tuple, list, str, Mapping)) or hasattr(given, "__array__"):
        return False
    has_items = hasattr(given, "__getitem__") and hasattr(given, "__len__")
    return has_items or hasattr(given, "__iter__") or callable(given)


class Stream:
    """A split that is given as batches `(x, y)` or `(x, y, weights)`, finite, in a fixed number.

    Args:
        source: a `tf.data.Dataset`; a `PyDataset` or `Sequence`; another object that can be
            iterated again and again; or a function without arguments that returns one of these.
        name: what messages call it.
        seed: of what a function draws where the batches are read in order.

    Raises:
        TypeError: if it gives anything else than batches, or can be read once only.
        ValueError: if it never ends, or is empty, or its elements are no batches.
    """

    def __init__(self, source: Any, *, name: str, seed: int = 0):
        self.source, self.name, self.seed = source, name, seed

    def __len__(self) -> int:
        return self.survey.num_examples

    @property
    def is_restartable(self) -> bool:
        """Whether its first batches were the same when they were read again."""
        return self.survey.first_batches is not None

    @property
    def batch_size(self) -> int:
        """Examples of its first batch."""
        return self.survey.batch_size

    @property
    def num_batches(self) -> int:
        """Batches of one epoch."""
        return self.survey.num_batches

    @property
    def described(self) -> Mapping[str, Column]:
        """Types, shapes and ranges by `x`, `y`, `weights`, or `x/image` and the like."""
        return self.survey.columns

    @functools.cached_property
    def survey(self) -> Survey:
        """What is known of it; the first time, it is read from beginning to end."""
        counted, first = Counting(self.name), []
        for batch in self.examples():
            counted.add(batch)
            if len(first) < _COMPARED:
                first.append(batch)
        again = list(itertools.islice(self.examples(), _COMPARED))
        is_same = _digest(first) == _digest(again)
        return counted.survey(_digest(first) if is_same else None)

    def examples(self) -> Iterator[tuple[Any, ...]]:
        """Yields the batches of one epoch as arrays, in order."""
        source = self._opened(self.seed, "in order")
        read = source.as_numpy_iterator() if _is_tf(source) else _epoch(source)
        for batch in read:
            yield _columns(batch, self.name)

    def between(
        self, start_step: int, end_step: int, *, origin: int = 0, seed: int = 0
    ) -> tf.data.Dataset:
        """Yields the batches of the steps `start_step … end_step - 1`, epoch after epoch.

        Batches before them are read and left out, so that they are those that a training from the
        origin on would meet.

        Args:
            start_step: of the first batch.
            end_step: one after that of the last.
            origin: the step at which the pipeline begins with its first batch.
            seed: of what a function draws, and of the order of numbered batches.
        """
        import tensorflow as tf

        source = self._opened(seed, origin)
        if _is_tf(source):
            endless = source.repeat()
        else:
            order = derived_seed(seed, "stream", self.name)
            endless = self._generated(lambda: _epochs(source, order))
        count = end_step - start_step
        batches = endless.skip(start_step - origin).take(count).prefetch(2)
        return batches.apply(tf.data.experimental.assert_cardinality(count))

    def in_order(self) -> tf.data.Dataset:
        """Yields the batches of one epoch."""
        import tensorflow as tf

        source = self._opened(self.seed, "in order")
        if _is_tf(source):
            return source
        count = tf.data.experimental.assert_cardinality(self.num_batches)
        return self._generated(lambda: _epoch(source)).apply(count)

    def _opened(self, seed: int, *names: str | int) -> Any:
        if not _is_function(self.source):
            return _checked(self.source, self.name)
        with seeded(derived_seed(seed, "stream", self.name, *names)):
            return _checked(self.source(), self.name)

    def _generated(self, read: Any) -> tf.data.Dataset:
        import tensorflow as tf

        specs = iter(self.survey.element_spec.values())

        def spec_of(_: Any) -> tf.TensorSpec:
            dtype, shape = next(specs)
            return tf.TensorSpec(shape, tf.string if dtype == "object" else dtype)

        def batches() -> Iterator[tuple[Any, ...]]:
            return (_columns(batch, self.name) for batch in read())

        signature = mapped(spec_of, self._structure)
        return tf.data.Dataset.from_generator(batches, output_signature=signature)

    @functools.cached_property
    def _structure(self) -> Any:
        return next(self.examples())


def _is_function(source: Any) -> bool:
    gives_batches = hasattr(source, "__iter__") or hasattr(source, "__getitem__")
    return callable(source) and (isinstance(source, type) or not gives_batches)


def _is_tf(source: Any) -> bool:
    return hasattr(source, "as_numpy_iterator")


def _checked(source: Any, name: str) -> Any:
    """Refuses what cannot be read again, or never ends."""
    if _is_tf(source):
        if int(source.cardinality()) == -1:  # tf.data.INFINITE_CARDINALITY
            raise ValueError(
                f"`{name}` must end: it is repeated as often as training asks for. Leave"
                " `.repeat()` out. Received: a tf.data.Dataset of infinite cardinality"
            )
        return source
    if hasattr(source, "__next__"):
        raise TypeError(
            f"`{name}` must be something that can be read again: a generator can be read once"
            f" only. Give the function that makes it. Received: {type(source).__name__}"
        )
    if getattr(source, "num_batches", 0) is None:  # of a PyDataset of Keras 3
        raise ValueError(f"`{name}` must have a number of batches. Received: num_batches=None")
    if not hasattr(source, "__iter__") and not hasattr(source, "__getitem__"):
        raise TypeError(f"`{name}` must give batches. Received: {type(source).__name__}")
    return source


def _epoch(source: Any, order: Any = None) -> Iterator[Any]:
    """Yields the batches of one epoch; what has a length and items, as a `PyDataset`, by number."""
    if not (hasattr(source, "__getitem__") and hasattr(source, "__len__")):
        yield from source
        return
    for number in range(len(source)) if order is None else order(len(source)):
        yield source[int(number)]
    if hasattr(source, "on_epoch_end"):
        source.on_epoch_end()


def _epochs(source: Any, seed: int) -> Iterator[Any]:
    """Yields epoch after epoch, numbered batches each time in another order, as `fit` does."""
    for epoch in itertools.count():
        yield from _epoch(source, lambda count: permutation(count, seed, "batches", epoch))  # noqa: B023


def _columns(batch: Any, name: str) -> tuple[Any, ...]:
    if not isinstance(batch, (tuple, list)) or len(batch) not in (2, 3):
        found = f"{type(batch).__name__} of {len(batch) if hasattr(batch, '__len__') else 1}"
        raise TypeError(
            f"`{name}` must give batches (x, y) or (x, y, sample_weight). Received: a {found}"
        )
    columns = tuple(_tuples(column) for column in batch)
    columns = columns[:2] if columns[-1] is None else columns
    return mapped(lambda array: np.asarray(array, type_of(np.asarray(array))), columns)


def _tuples(part: Any) -> Any:
    """Several inputs in a list are several inputs."""
    if isinstance(part, Mapping):
        return {name: _tuples(inner) for name, inner in part.items()}
    is_listed = isinstance(part, (list, tuple)) and any(hasattr(p, "shape") for p in part)
    return tuple(map(_tuples, part)) if is_listed else part


def _digest(batches: list[Any]) -> str:
    arrays = {n: a for number, b in enumerate(batches) for n, a in leaves(b, str(number))}
    numbers = {n: a for n, a in arrays.items() if a.dtype.kind != "O"}
    texts = {n: a.tolist() for n, a in arrays.items() if n not in numbers}
    return files.digest(
        numbers | {"": np.frombuffer(json.dumps(texts, default=repr).encode(), "u1")}
    )
