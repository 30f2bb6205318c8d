"""What callers have as data, made into a `Dataset`: arrays, several inputs, pipelines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tfticket.zoo.assembling import assembled, of_pipelines, require_enough, source_of
from tfticket.zoo.columns import columns_of
from tfticket.zoo.splits import Dataset, Split, cut
from tfticket.zoo.streams import Stream, is_pipeline
from tfticket.zoo.structures import as_structure

__all__ = ["as_dataset", "from_arrays"]

_PARTS: tuple[str, ...] = ("train", "validation", "test")
_FORMS = (
    "a `Dataset`; (x, y) or (x, y, sample_weight); (train, test) or (train, validation, test) of"
    " such pairs or of pipelines; or a dict of `train`, `validation` and `test`"
)


def as_dataset(
    data: Any,
    seed: int = 0,
    *,
    name: str = "arrays",
    validation_size: float | None = None,
    standardize: bool = False,
) -> Dataset:
    """Makes a `Dataset` of what callers have.

    Several inputs or targets are dicts or tuples of arrays; those of two inputs and two targets
    are better named, as `({"image": …, "tag": …}, {"digit": …, "odd": …})`.

    Args:
        data: a `Dataset`; `(x, y)` or `(x, y, sample_weight)`, of which a tenth is cut off as the
            test, and the outcome says so; `(train, test)`, `(train, validation, test)` or a dict of
            these, each part such a pair or a pipeline: a `tf.data.Dataset`, a `PyDataset` or
            `Sequence`, another object that can be iterated again and again, or a function without
            arguments that returns one, which is called before each training with everything
            random seeded. Where pipelines come without validation or test, one is both, and the
            outcome says so.
        seed: chooses what is cut off.
        name: what to call it.
        validation_size: an integer is a count, a float a fraction; `None` is a tenth.
        standardize: see `load_data`.

    Raises:
        TypeError: if it is none of these.
        ValueError: if there are too few examples, or a pipeline does not end.
    """
    if isinstance(data, Dataset):
        _require_unset(validation_size, standardize, "a `Dataset`")
        return data
    parts = _parts(data)
    splits: dict[str, Any] = {
        part: Stream(given, name=part, seed=seed) if is_pipeline(given) else _split(given, part)
        for part, given in parts.items()
    }
    if any(isinstance(split, Stream) for split in splits.values()):
        _require_unset(validation_size, standardize, "a pipeline")
        return of_pipelines(name, splits)
    notes = ""
    if "test" not in splits:
        whole = splits["train"]
        require_enough(whole)
        count = len(whole) // 10
        splits["train"], splits["test"] = cut(whole, count, seed, "test")
        notes = f"test: {count} of the {len(whole)} given examples, cut off with seed {seed}"
    source, validation = source_of(splits, notes)
    return assembled(name, source, seed, validation_size, standardize, validation=validation)


def from_arrays(
    train: tuple[Any, ...],
    test: tuple[Any, ...],
    *,
    name: str = "arrays",
    seed: int = 0,
    validation_size: float = 0.1,
    standardize: bool = False,
    notes: str = "",
) -> Dataset:
    """Makes a `Dataset` of arrays in memory, by the same rules as `load_data`.

    Integer targets of one number per example are classes, all others values to regress on. Bytes
    become float32 in [0, 1].

    Args:
        train: inputs `[examples, ...]` and targets, and weights if there are any, to train on and
            to cut validation from.
        test: the same to test on.
        name: what to call it.
        seed: chooses the validation examples.
        validation_size: an integer is a count, a float a fraction.
        standardize: see `load_data`.
        notes: what a report has to mention.
    """
    parts = {"train": _split(train, "train"), "test": _split(test, "test")}
    source, _ = source_of(parts, notes)
    return assembled(name, source, seed, validation_size, standardize)


def _require_unset(validation_size: float | None, standardize: bool, what: str) -> None:
    if validation_size is not None or standardize:
        raise ValueError(
            f"`validation_size` and `standardize` must be left out: {what} is already split and"
            f" scaled. Received: validation_size={validation_size}, standardize={standardize}"
        )


def _parts(data: Any) -> dict[str, Any]:
    """Tells train, validation and test apart."""
    found: dict[str, Any]
    if isinstance(data, Mapping) and "train" in data and set(data) <= set(_PARTS):
        found = {part: data[part] for part in _PARTS if data.get(part) is not None}
    elif isinstance(data, (tuple, list)) and len(data) in (2, 3) and all(map(_is_part, data)):
        names = _PARTS if len(data) == 3 else ("train", "test")
        found = dict(zip(names, data, strict=True))
    else:
        found = {"train": data}
    unfit = [part for part, given in found.items() if not (is_pipeline(given) or _is_pair(given))]
    if unfit or (len(found) == 1 and is_pipeline(found["train"])):
        kind = type(data).__name__
        if is_pipeline(data):
            kind += " alone, of which no validation can be cut off"
        raise TypeError(f"`data` must be {_FORMS}. Received: {kind}")
    return found


def _split(given: Any, part: str = "data") -> Split:
    found = Split(*map(as_structure, given))
    columns_of(found.columns, part)  # in the caller's own order, before anything is cut off
    return found


def _is_part(given: Any) -> bool:
    """Whether this is a part of the data, and not the inputs or targets of one."""
    return is_pipeline(given) or _is_pair(given)


def _is_pair(given: Any) -> bool:
    """Whether this can be `(x, y)` or `(x, y, sample_weight)`."""
    return (
        isinstance(given, (tuple, list))
        and len(given) in (2, 3)
        and all(_is_column(column, isinstance(given, tuple)) for column in given)
    )


def _is_column(given: Any, may_be_list: bool) -> bool:
    """Whether this can be inputs, targets or weights: an array, several, or a list of numbers."""
    if isinstance(given, (tuple, list)):
        several = any(np.ndim(getattr(part, "shape", 0)) for part in given)
        return several or (may_be_list and len(given) > 0)
    return isinstance(given, Mapping) or bool(len(getattr(given, "shape", ())))
