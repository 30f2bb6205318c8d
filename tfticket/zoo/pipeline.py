"""Batches of a split: from arrays in memory seeded, resumable at any step, and fast.

A `Stream` has batches of its own. A training stream of a `Split` is one row of positions: the
examples in a fresh order each epoch, one epoch after the other, cut into batches. A batch may reach
over the end of an epoch, so every batch is full, every example is seen once an epoch, and nothing
is dropped; where two epochs meet, an example may occur twice in a batch. The order of an epoch
depends on the seed and the number of the epoch only; that is why step k can be reached without
going through the steps before it.

TensorFlow is imported at the first batch, so that names and missing data are checked in no time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tfticket.zoo.splits import Split, permutation
from tfticket.zoo.streams import Stream
from tfticket.zoo.structures import mapped

if TYPE_CHECKING:
    import tensorflow as tf

__all__ = ["batches", "evaluate", "in_order", "positions"]


def positions(
    num_examples: int, *, batch_size: int, num_steps: int, seed: int, start_step: int = 0
) -> np.ndarray:
    """Returns which examples make up each batch of a training stream.

    >>> positions(3, batch_size=2, num_steps=3, seed=0)
    array([[0, 1],
           [2, 2],
           [0, 1]], dtype=int32)

    Args:
        num_examples: size of the training split.
        batch_size: examples per batch; may exceed `num_examples`.
        num_steps: the step after the last batch, counted from the beginning of the stream.
        seed: chooses the order; a non-negative integer.
        start_step: step of the first batch returned.

    Returns:
        Positions `[num_steps - start_step, batch_size]`, int32.

    Raises:
        ValueError: if a number is out of range.
    """
    if batch_size < 1 or not 0 <= start_step <= num_steps:
        raise ValueError(
            "`batch_size` must be positive and `start_step` lie between 0 and `num_steps`."
            f" Received: batch_size={batch_size}, start_step={start_step}, num_steps={num_steps}"
        )
    first, end = start_step * batch_size, num_steps * batch_size
    epochs = range(first // num_examples, -(-end // num_examples))
    stream = [
        permutation(num_examples, seed, "batches", epoch).astype(np.int32) for epoch in epochs
    ]
    offset = epochs.start * num_examples
    joined = np.concatenate([np.empty(0, np.int32), *stream])[first - offset : end - offset]
    return joined.reshape(-1, batch_size)


def batches(
    split: Split | Stream,
    *,
    batch_size: int,
    num_steps: int,
    seed: int,
    start_step: int = 0,
    origin: int = 0,
) -> tf.data.Dataset:
    """Yields exactly the batches `start_step … num_steps - 1` of a seeded training stream.

    Beginning at step k gives bit for bit what is left after k batches from the beginning.
    Train with `model.fit(stream, shuffle=False)`: Keras 3 warns about its own shuffling otherwise.

    Args:
        split: examples in memory, or a `Stream`, whose batches are as they come.
        batch_size: examples per batch, always full; not of a `Stream`.
        num_steps: the step after the last batch, counted from the beginning of the stream.
        seed: chooses the order; of a `Stream`, what a function draws that makes it.
        start_step: first step, to resume at.
        origin: the step at which a `Stream` begins with its first batch.

    Returns:
        A `tf.data.Dataset` of `(x, y)` or `(x, y, weights)`; of arrays of known length and shapes.
    """
    import tensorflow as tf

    if isinstance(split, Stream):
        return split.between(start_step, num_steps, origin=origin, seed=seed)

    index = positions(
        len(split), batch_size=batch_size, num_steps=num_steps, seed=seed, start_step=start_step
    )
    return _gathered(
        split,
        tf.data.Dataset.from_tensor_slices(index),
        lambda rows, column: tf.gather(column, rows),
    )


def in_order(split: Split | Stream, *, batch_size: int = 1_000) -> tf.data.Dataset:
    """Yields every example of a split once, in order; the last batch may be smaller.

    Args:
        split: examples in memory, or a `Stream`, whose batches are as they come.
        batch_size: examples per batch; not of a `Stream`.
    """
    import tensorflow as tf

    if isinstance(split, Stream):
        return split.in_order()

    return _gathered(
        split,
        tf.data.Dataset.range(0, len(split), batch_size),
        lambda start, column: column[start : start + batch_size],
    )


def evaluate(model: Any, split: Split | Stream, *, batch_size: int = 1_000) -> dict[str, float]:
    """Evaluates a compiled model of either Keras on all examples of a split.

    Args:
        model: a compiled model.
        split: the examples.
        batch_size: examples per batch; changes nothing but speed.

    Returns:
        The mean over examples, not over batches, of the loss and of each metric, by name.
    """
    return model.evaluate(in_order(split, batch_size=batch_size), verbose=0, return_dict=True)


def _gathered(split: Split, keys: tf.data.Dataset, pick: Callable[..., Any]) -> tf.data.Dataset:
    """Yields `pick(key, column)` of inputs, targets and weights for each key.

    The arrays travel beside the keys and are not captured by the function: TensorFlow never
    frees what a data set's function has captured, and every training would leave a copy behind.
    """
    import tensorflow as tf

    @tf.autograph.experimental.do_not_convert  # there is nothing to convert, which takes its time
    def picked(key: Any, columns: Any) -> Any:
        return mapped(lambda column: pick(key, column), columns)

    with tf.device("CPU:0"):
        whole = tf.data.Dataset.from_tensors(split.columns).repeat()
    return tf.data.Dataset.zip(keys, whole).map(picked).prefetch(2)
