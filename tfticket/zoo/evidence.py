"""The examples and the loss that a score may ask for, out of an experiment's data."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfticket.scores import Evidence
from tfticket.seeds import generator
from tfticket.zoo.splits import Dataset, Split

__all__ = ["evidence_from", "examples_of_each_class"]


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
