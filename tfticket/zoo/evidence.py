"""The examples and the loss that a score may ask for, out of an experiment's data."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfticket.scores import Evidence
from tfticket.seeds import generator
from tfticket.zoo.datasets import load_data
from tfticket.zoo.entries import Entry
from tfticket.zoo.splits import Dataset, Split

__all__ = ["evidence_from", "examples_of_each_class", "untrained_evidence"]

_NUM_MADE_UP = 100


def evidence_from(data: Dataset, model: Any, per_class: int, seed: int) -> Evidence:
    """Makes the evidence of a compiled model on its train split.

    Args:
        data: of which train examples are drawn.
        model: compiled; its loss is the one of the evidence.
        per_class: examples of each class; for regression, ten times as many of all.
        seed: chooses the examples, and is the evidence's own.
    """
    if data.task == "classification":
        batch = examples_of_each_class(data.train, per_class, seed)
    else:
        rng = generator(seed, "examples")
        count = min(10 * per_class, len(data.train))
        chosen = np.sort(rng.choice(len(data.train), count, replace=False))
        batch = (data.train.x[chosen], data.train.y[chosen])
    return Evidence({}, batch=batch, loss=model.loss, seed=seed)


def examples_of_each_class(split: Split, per_class: int, seed: int) -> tuple[Any, Any]:
    """Draws as many examples of each class, or all of a class that has fewer.

    >>> split = Split(np.arange(6.0), np.array([0, 1, 0, 1, 0, 1]))
    >>> x, y = examples_of_each_class(split, 2, seed=0)
    >>> sorted(y.tolist())
    [0, 0, 1, 1]

    Args:
        split: examples with whole numbers as targets.
        per_class: how many of each.
        seed: chooses them; their order is that of the split.

    Returns:
        `(inputs, targets)`.

    References:
        Lee et al. 2019, section 4, https://arxiv.org/abs/1810.02340; ten per class in
        Tanaka et al. 2020, https://arxiv.org/abs/2006.05467
    """
    rng = generator(seed, "examples")
    targets = np.asarray(split.y)
    found = []
    for label in np.unique(targets):
        positions = np.flatnonzero(targets == label)
        found.append(rng.choice(positions, min(per_class, len(positions)), replace=False))
    chosen = np.sort(np.concatenate(found))
    return split.x[chosen], targets[chosen]


def untrained_evidence(
    entry: Entry, model: Any, data: str | None, seed: int
) -> tuple[Evidence, tuple[str, ...]]:
    """Finds what scores that need a batch may look at.

    Args:
        entry: the network.
        model: the same, compiled.
        data: the data set of which ten examples of each class are taken; `None` makes a hundred
            examples up, standard normal with random labels.
        seed: chooses the examples, and is the evidence's own.

    Returns:
        The evidence, and what has to be said with it.

    Raises:
        ValueError: if there is no such data set.
    """
    if data is not None:
        dataset = load_data(data, seed=seed)
        notes = (dataset.notes,) if dataset.notes else ()
        return evidence_from(dataset, model, 10, seed), notes
    rng = generator(seed, "made-up examples")
    shape = (_NUM_MADE_UP, *model.input_shape[1:])
    x = rng.standard_normal(shape).astype("float32")
    if entry.task == "regression":
        y: Any = rng.standard_normal((_NUM_MADE_UP, model.output_shape[-1])).astype("float32")
    else:
        y = rng.integers(0, model.output_shape[-1], _NUM_MADE_UP)
    note = f"scores that need a batch saw {_NUM_MADE_UP} made-up examples with random labels"
    return Evidence({}, batch=(x, y), loss=model.loss, seed=seed), (note,)
