"""Data that tell a ticket nothing, or less: does finding it on them do any harm?

A ticket is found with the corrupted training examples and trained with the true ones. If it is no
worse than one found with the true ones, the search did not use what is in the data.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from tfticket.seeds import generator
from tfticket.zoo.splits import Dataset, Split, permutation

__all__ = ["CORRUPTIONS", "corrupted", "half_data", "random_labels", "random_pixels"]

_EXAMPLES = 4096  # shuffled at a time, to save memory


def random_labels(split: Split, seed: int) -> Split:
    """Gives every example the label of another one: the classes keep their sizes.

    Args:
        split: examples and targets.
        seed: chooses which label goes where.
    """
    return Split(split.x, split.y[permutation(len(split), seed, "random_labels")])


def random_pixels(split: Split, seed: int) -> Split:
    """Shuffles the pixels of every example by itself; the channels of a pixel stay together.

    Args:
        split: inputs `[examples, h, w, channels]` or `[examples, features]`.
        seed: chooses the order of the pixels of each example.
    """
    shape = split.x.shape
    channels = shape[-1] if len(shape) > 2 else 1
    pixels = split.x.reshape(len(split), -1, channels)
    shuffled, keys = np.empty_like(pixels), generator(seed, "random_pixels").bit_generator
    for start in range(0, len(split), _EXAMPLES):
        some = pixels[start : start + _EXAMPLES]
        order = np.argsort(keys.random_raw(some[..., 0].size).reshape(some.shape[:2]), axis=1)
        shuffled[start : start + _EXAMPLES] = np.take_along_axis(some, order[..., None], axis=1)
    return Split(shuffled.reshape(shape), split.y)


def half_data(split: Split, seed: int) -> Split:
    """Keeps half of the examples, of an odd number the smaller half, in their order.

    Args:
        split: examples and targets, at least two.
        seed: chooses which half.
    """
    order = permutation(len(split), seed, "half_data")
    return split.take(np.sort(order[: len(split) // 2]))


#: Every corruption by its name: `(split, seed) -> split`.
CORRUPTIONS: dict[str, Callable[[Split, int], Split]] = {
    "random_labels": random_labels,
    "random_pixels": random_pixels,
    "half_data": half_data,
}


def corrupted(dataset: Dataset, corruption: str, *, seed: int) -> Dataset:
    """Returns a data set whose training examples are corrupted; validation and test are not.

    >>> from tfticket.zoo.datasets import load_data
    >>> print(corrupted(load_data("digits"), "half_data", seed=0))
    digits: 628 train, 180 validation, 360 test, classification, input (8, 8, 1)

    Args:
        dataset: a data set in memory; not changed.
        corruption: one of `CORRUPTIONS`.
        seed: seed of the corruption.

    Returns:
        A `Dataset` whose `notes` name the corruption and its seed.

    Raises:
        ValueError: if there is no such corruption, or the examples come from a pipeline.

    References:
        Su et al. 2020, "Sanity-Checking Pruning Methods", section 3,
        https://arxiv.org/abs/2009.11094
    """
    if corruption not in CORRUPTIONS:
        raise ValueError(
            f"`corruption` must be one of {sorted(CORRUPTIONS)}."
            f" Received: corruption={corruption!r}"
        )
    if not isinstance(dataset.train, Split):
        raise ValueError(
            "`dataset` must be in memory: a pipeline is read as it comes. Received:"
            f" dataset.train={type(dataset.train).__name__}"
        )
    note = f"The training examples are corrupted: {corruption}, seed {seed}."
    return dataclasses.replace(
        dataset,
        train=CORRUPTIONS[corruption](dataset.train, seed),
        notes=f"{dataset.notes} {note}".strip(),
    )
