"""From parts to a `Dataset`: validation cut off, classes told from values, inputs scaled."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tfticket.zoo.scaling import standardized, unit_range
from tfticket.zoo.sources import Source
from tfticket.zoo.splits import Dataset, Split, cut, validation_count
from tfticket.zoo.streams import Stream

__all__ = ["assembled", "of_pipelines", "require_enough", "source_of"]

#: The least number of examples of which a tenth can be cut off.
_LEAST = 10


def assembled(
    name: str,
    source: Source,
    seed: int,
    validation_size: float | None,
    standardize: bool,
    *,
    validation: Split | None = None,
) -> Dataset:
    """Cuts validation off where it is not given, and scales all parts.

    Args:
        name: what to call it.
        source: train and test.
        seed: chooses the validation examples.
        validation_size: an integer is a count, a float a fraction; `None` is the source's usual.
        standardize: see `load_data`.
        validation: the validation examples, where they are given.

    Raises:
        ValueError: if the scaling is given already, or there are too few examples.
    """
    if standardize and source.scaling is not None:
        raise ValueError(
            f"`standardize` must be False: {name!r} has a scaling of its own."
            f" Received: standardize={standardize}"
        )
    if validation is not None and validation_size is not None:
        raise ValueError(
            "`validation_size` must be left out where validation is given."
            f" Received: validation_size={validation_size}"
        )
    train = source.train
    if validation is None:
        if validation_size is None:
            require_enough(train)
        size = source.validation_size if validation_size is None else validation_size
        train, validation = cut(train, validation_count(size, len(train)), seed)
    train, validation, test = map(unit_range, (train, validation, source.test))
    fit = standardized if standardize else source.scaling
    if fit is not None:
        train, validation, test = map(fit(train), (train, validation, test))
    shape, num_classes = _input_shape(train), source.num_classes
    return Dataset(name, train, validation, test, source.task, num_classes, shape, source.notes)


def require_enough(split: Split) -> None:
    """Raises `ValueError` if a tenth of the examples is none.

    Args:
        split: examples of which some are to be cut off.
    """
    if len(split) < _LEAST:
        raise ValueError(
            f"`data` must have at least {_LEAST} examples where a tenth is cut off from them: give"
            " validation and test of your own, as a dict of `train`, `validation` and `test`."
            f" Received: {len(split)} examples"
        )


def source_of(parts: Mapping[str, Split], notes: str) -> tuple[Source, Split | None]:
    """Tells classes from values: whole numbers, one of each example, are classes.

    Args:
        parts: `train` and `test`, perhaps `validation`, as given.
        notes: what a report has to mention.

    Returns:
        Train and test, and validation; what train's targets are, those of all are.

    Raises:
        ValueError: if train's targets are classes, or one array, and others are not.
    """
    y, found = parts["train"].y, dict(parts)
    is_classes = _are_classes(y)
    others = [
        n for n, s in parts.items() if isinstance(s.y, np.ndarray) != isinstance(y, np.ndarray)
    ]
    if others:
        raise ValueError(
            f"`data` must have targets of {', '.join(others)} as those of train are, one array or"
            f" several. Received: {type(y).__name__} of train, {type(parts[others[0]].y).__name__}"
        )
    if isinstance(y, np.ndarray):
        form = _classes if is_classes else _values
        found = {n: dataclasses.replace(s, y=form(s.y, n)) for n, s in parts.items()}
    num_classes = max(int(s.y.max()) for s in found.values()) + 1 if is_classes else None
    task = "classification" if is_classes else "regression"
    source = Source(found["train"], found["test"], task, num_classes, notes=notes)
    return source, found.get("validation")


def _are_classes(y: Any) -> bool:
    is_array = isinstance(y, np.ndarray)
    return is_array and np.issubdtype(y.dtype, np.integer) and y.size == len(y)


def _classes(y: np.ndarray, part: str) -> np.ndarray:
    found = y.reshape(-1).astype(np.int64) if y.size == len(y) else y
    if not np.array_equal(found, y.reshape(-1)):
        raise ValueError(
            f"`data` must have whole numbers as targets of {part}, one of each example, as those of"
            f" train are. Received: {y.dtype} of shape {y.shape}"
        )
    return found


def _values(y: np.ndarray, part: str) -> np.ndarray:
    del part
    return y.reshape(len(y), -1).astype(np.float32) if y.ndim < 3 else y


def of_pipelines(name: str, parts: Mapping[str, Any]) -> Dataset:
    """Makes a data set of parts of which some are read from pipelines.

    Args:
        name: what to call it.
        parts: `Stream`s, and `Split`s of arrays, whose inputs stay as they are, by their names;
            either validation or test may be missing and is the other one then.
    """
    rank = _rank_of_targets(parts.values())
    found = {p: _typed(s, rank) if isinstance(s, Split) else s for p, s in parts.items()}
    notes = []
    for absent, present in (("validation", "test"), ("test", "validation")):
        if absent not in found and present in found:
            found[absent] = found[present]
            notes.append(
                f"validation and test are the same examples, those of {present}: what was chosen"
                " on them is also measured on them"
            )
    counts = [_num_classes(split) for split in found.values()]
    num_classes = None if None in counts else max(c for c in counts if c is not None)
    notes += _on_reading({n: s for n, s in found.items() if isinstance(s, Stream)})
    return Dataset(
        name=name,
        train=found["train"],
        validation=found["validation"],
        test=found["test"],
        task="regression" if num_classes is None else "classification",
        num_classes=num_classes,
        input_shape=_input_shape(found["train"]),
        notes="; ".join(notes),
    )


def _rank_of_targets(splits: Iterable[Split | Stream]) -> int | None:
    """The number of axes of what pipelines give as targets, where it is an array."""
    specs = [s.survey.element_spec.get("1") for s in splits if isinstance(s, Stream)]
    return next((len(spec[1]) for spec in specs if spec is not None), None)


def _typed(split: Split, rank: int | None) -> Split:
    """Targets of the usual types; numbers in a column, or not, as pipelines beside them are.

    What Keras has traced for targets of one rank does not take another.
    """
    found = source_of({"train": split, "test": split}, "")[0].train
    y = found.y
    if rank not in (1, 2) or not isinstance(y, np.ndarray) or y.size != len(y):
        return found
    return dataclasses.replace(found, y=y.reshape((-1, 1) if rank == 2 else (-1,)))


def _num_classes(split: Split | Stream) -> int | None:
    if isinstance(split, Stream):
        return split.survey.num_classes
    return source_of({"train": split, "test": split}, "")[0].num_classes


def _input_shape(split: Split | Stream) -> tuple[int, ...] | None:
    if isinstance(split, Split):
        return split.x.shape[1:] if isinstance(split.x, np.ndarray) else None
    spec = split.survey.element_spec.get("0")  # a single array of inputs
    sizes = (None,) if spec is None else spec[1][1:]
    return None if None in sizes else tuple(size for size in sizes if size is not None)


def _on_reading(streams: Mapping[str, Stream]) -> list[str]:
    """Says what a run that is gone on with can promise."""
    others = [name for name, stream in streams.items() if not stream.is_restartable]
    beginning = (
        "a run that is gone on with compares with its beginning the types, shapes and number"
    )
    if not others:
        return [
            "data come from pipelines, which gave the same batches when they were read again:"
            f" {beginning} of their batches and the first three, not every example"
        ]
    return [
        f"data come from pipelines, and that of {' and '.join(others)} gave other batches when it"
        " was read again: a run that is stopped and gone on with does not end with the bits of one"
        f" that is not, unless a function makes the pipeline; {beginning} of their batches"
    ]
