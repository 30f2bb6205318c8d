"""The examples and the loss that a score may ask for, out of an experiment's data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfticket import _keras
from tfticket._lazy import tf
from tfticket.scores import Evidence
from tfticket.seeds import generator
from tfticket.tracing.examples import evaluation
from tfticket.zoo.datasets import load_data
from tfticket.zoo.entries import Entry
from tfticket.zoo.splits import Dataset, Split
from tfticket.zoo.streams import Stream
from tfticket.zoo.structures import leaves, mapped

__all__ = [
    "by_output",
    "evidence_from",
    "examples_of_each_class",
    "first_examples",
    "first_inputs",
    "joined",
    "names_of_outputs",
    "objective",
    "untrained_evidence",
]

_NUM_MADE_UP = 100


def evidence_from(data: Dataset, model: Any, per_class: int, seed: int) -> Evidence:
    """Makes the evidence of a compiled model on its train split.

    Args:
        data: of which train examples are drawn; of a pipeline the first ones are taken.
        model: compiled; its loss is the one of the evidence. Weights of examples and classes are
            not in it.
        per_class: examples of each class; for regression, ten times as many of all.
        seed: chooses the examples, and is the evidence's own.
    """
    if isinstance(data.train, Stream):
        batch = first_examples(data.train, per_class)
    elif data.task == "classification":
        batch = examples_of_each_class(data.train, per_class, seed)
    else:
        rng = generator(seed, "examples")
        count = min(10 * per_class, len(data.train))
        chosen = np.sort(rng.choice(len(data.train), count, replace=False))
        batch = data.train.take(chosen).columns[:2]
    targets, loss = objective(model, *batch)
    return Evidence({}, batch=(batch[0], targets), loss=loss, seed=seed)


def first_examples(stream: Stream, per_class: int) -> tuple[Any, Any]:
    """Takes the first examples of each class, or ten times as many where there are no classes.

    Args:
        stream: read from its beginning until there are enough, at most to its end.
        per_class: how many of each.

    Returns:
        `(inputs, targets)`.
    """
    num_classes = stream.survey.num_classes
    counts, found = np.zeros(num_classes or 1, np.int64), []
    wanted = per_class if num_classes else 10 * per_class
    for x, y, *_ in stream.examples():
        size = len(next(leaves((x, y)))[1])
        labels = np.reshape(y, -1) if num_classes else np.zeros(size, np.int64)
        ranks = np.array([counts[c] + (labels[:i] == c).sum() for i, c in enumerate(labels)])
        found.append(mapped(lambda array, kept=ranks < wanted: array[kept], (x, y)))
        counts += np.bincount(labels, minlength=len(counts))
        if counts.min() >= wanted:
            break
    return joined(found)


def first_inputs(split: Split | Stream, count: int) -> Any:
    """Takes the inputs of the first examples, or of all if there are fewer.

    Args:
        split: any.
        count: how many.

    Returns:
        Arrays `[examples, ...]` in the structure of the split.
    """
    if isinstance(split, Split):
        return mapped(lambda array: array[:count], split.x)
    found, num_taken = [], 0
    for x, *_ in split.examples():
        found.append(x)
        num_taken += len(next(leaves(x))[1])
        if num_taken >= count:
            break
    return mapped(lambda array: array[:count], joined(found))


def joined(batches: Sequence[Any]) -> Any:
    """Puts batches of one structure one after the other.

    >>> joined([(np.array([1]), np.array([2])), (np.array([3]), np.array([4]))])
    (array([1, 3]), array([2, 4]))

    Args:
        batches: structures of arrays, at least one.
    """
    columns: dict[str, list[Any]] = {}
    for batch in batches:
        for place, array in leaves(batch):
            columns.setdefault(place, []).append(array)
    parts = iter(columns.values())
    return mapped(lambda _: np.concatenate(next(parts)), batches[0])


def objective(model: Any, inputs: Any, targets: Any) -> tuple[Any, Any]:
    """Returns targets and loss of a compiled model as `fit` matches them with its outputs.

    Args:
        model: compiled.
        inputs: some examples, of which one may be looked at.
        targets: of these examples; by the names of the outputs, or in their order.

    Returns:
        The targets, as many as outputs and with their number of axes, and the loss: as it was
        compiled, or for several outputs the sum that they are weighted in.
    """
    outputs = getattr(model, "outputs", None) or ()
    if len(outputs) != 1:  # several, in a structure that only a call shows; or not known yet
        outputs = evaluation(model)(mapped(lambda array: tf.constant(array[:1]), inputs))
    flat = tf.nest.flatten(outputs)
    names = names_of_outputs(model, outputs, len(flat))
    matched = tuple(map(_with_axes_of, by_output(targets, names), flat))
    losses = [_callable(model, loss) for loss in by_output(model.loss, names)]
    if len(flat) == 1:
        return matched[0], losses[0]
    given = (model.get_compile_config() or {}).get("loss_weights")
    weights = [1.0 if w is None else w for w in by_output(given, names)]

    def total(wanted: Any, found: Any) -> Any:
        pairs = zip(wanted, tf.nest.flatten(found), strict=True)
        terms = [
            weight * tf.reduce_mean(loss(target, output))
            for loss, weight, (target, output) in zip(losses, weights, pairs, strict=True)
            if loss is not None
        ]
        return tf.add_n(terms)

    return matched, total


def by_output(given: Any, names: Sequence[str]) -> list[Any]:
    """Lists what is given for each output: by name, in their order, or one for all.

    >>> by_output({"b": 2}, ["a", "b"]), by_output(3, ["a", "b"])
    ([None, 2], [3, 3])

    Args:
        given: a mapping, a list or tuple, or anything else.
        names: of the outputs.
    """
    if isinstance(given, Mapping):
        return [given.get(name) for name in names]
    return list(given) if isinstance(given, (list, tuple)) else [given] * len(names)


def names_of_outputs(model: Any, outputs: Any, count: int) -> list[str]:
    """Returns the names of a model's outputs in flat order.

    Args:
        model: compiled.
        outputs: as a call of it returns them.
        count: how many there are.
    """
    if isinstance(outputs, Mapping):
        return sorted(outputs)
    known = [str(name) for name in getattr(model, "output_names", None) or ()]
    return known if len(known) == count else [str(number) for number in range(count)]


def _with_axes_of(target: Any, output: Any) -> Any:
    """One number per example is a column where the output is one."""
    is_column = len(output.shape) == np.ndim(target) + 1 and output.shape[-1] == 1
    return target[..., np.newaxis] if is_column else target


def _callable(model: Any, loss: Any) -> Any:
    return _keras.module(model).losses.get(loss) if isinstance(loss, str) else loss


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
    x, y, *_ = split.take(chosen).columns
    return x, y


def untrained_evidence(
    entry: Entry, model: Any, data: str | None, seed: int, *, download: bool = False
) -> tuple[Evidence, tuple[str, ...]]:
    """Finds what scores that need a batch may look at.

    Args:
        entry: the network.
        model: the same, compiled.
        data: the data set of which ten examples of each class are taken; `None` makes a hundred
            examples up, standard normal with random labels.
        seed: chooses the examples, and is the evidence's own.
        download: whether tensorflow-datasets may download what is missing.

    Returns:
        The evidence, and what has to be said with it.

    Raises:
        ValueError: if there is no such data set.
    """
    if data is not None:
        dataset = load_data(data, seed=seed, download=download)
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
