"""Data sets by name: embedded, synthetic, prepared by tensorflow-datasets, or the user's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tfticket import references
from tfticket.zoo import sources
from tfticket.zoo.scaling import standardized, unit_range
from tfticket.zoo.sources import Source
from tfticket.zoo.splits import Dataset, Split, cut, validation_count
from tfticket.zoo.tfds import read_prepared

__all__ = ["DATASETS", "as_dataset", "from_arrays", "load_data"]

#: What needs no files, by name.
_EMBEDDED: Mapping[str, Callable[[], Source]] = {
    "digits": sources.digits,
    "regression": sources.regression,
}
#: Every name `load_data` knows without a prefix.
DATASETS = (*_EMBEDDED, "mnist", "fashion_mnist", "cifar10", "cifar10_jpeg")

Arrays = tuple[np.ndarray, np.ndarray]


def load_data(
    name: str,
    *,
    seed: int = 0,
    validation_size: float | None = None,
    standardize: bool = False,
    data_dir: str | os.PathLike[str] | None = None,
    download: bool = False,
) -> Dataset:
    """Loads a data set into memory, split into train, validation and test.

    Validation is cut from the published training examples with `seed`; the test never depends on
    it. Images are float32 in [0, 1]. Any figure from `cifar10_jpeg` has to mention its `notes`.

    >>> print(load_data("digits"))
    digits: 1257 train, 180 validation, 360 test, classification, input (8, 8, 1)

    Args:
        name: one of `DATASETS`; `tfds:name[/config][:version]` for any other data set of
            tensorflow-datasets; or `module:function` for a function of the user's that returns a
            `Dataset` or `((x_train, y_train), (x_test, y_test))`, called with those of `seed`,
            `data_dir` and `download` that it has parameters for.
        seed: chooses the validation examples.
        validation_size: an integer is a count, a float a fraction of the training examples;
            `None` means the data set's usual: 5 000 for MNIST and CIFAR-10, 180 for `digits`, a
            tenth otherwise.
        standardize: whether channels are shifted and scaled to mean 0 and standard deviation 1,
            as measured on train.
        data_dir: folder of prepared data; `None` means `TFDS_DATA_DIR`, else TFDS's default.
        download: whether tensorflow-datasets may download what is missing.

    Returns:
        A `Dataset`.

    Raises:
        ValueError: if the name is unknown; the message lists the names.
        DataUnavailableError: if the data are not on this machine; the message says what to do.
    """
    source: Source | Dataset
    if name in _EMBEDDED:
        source = _EMBEDDED[name]()
    elif name in DATASETS or name.startswith("tfds:"):
        source = read_prepared(name.removeprefix("tfds:"), data_dir, download=download)
    elif ":" in name:
        source = _call(name, {"seed": seed, "data_dir": data_dir, "download": download})
    else:
        raise ValueError(
            f"`name` must be one of {DATASETS}, `tfds:name` or `module:function`."
            f" Received: name={name!r}"
        )
    if isinstance(source, Dataset):
        return _as_it_is(source, validation_size, standardize)
    return _assembled(name, source, seed, validation_size, standardize)


def from_arrays(
    train: Arrays,
    test: Arrays,
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
        train: inputs `[examples, ...]` and targets to train on and to cut validation from.
        test: the same to test on.
        name: what to call it.
        seed: chooses the validation examples.
        validation_size: an integer is a count, a float a fraction.
        standardize: see `load_data`.
        notes: what a report has to mention.
    """
    source = _source(train, test, notes)
    return _assembled(name, source, seed, validation_size, standardize)


def _assembled(
    name: str, source: Source, seed: int, validation_size: float | None, standardize: bool
) -> Dataset:
    if standardize and source.scaling is not None:
        raise ValueError(
            f"`standardize` must be False: {name!r} has a scaling of its own."
            f" Received: standardize={standardize}"
        )
    size = source.validation_size if validation_size is None else validation_size
    parts = cut(source.train, validation_count(size, len(source.train)), seed)
    train, validation, test = (unit_range(s) for s in (*parts, source.test))
    fit = standardized if standardize else source.scaling
    if fit is not None:
        train, validation, test = map(fit(train), (train, validation, test))
    return Dataset(
        name=name,
        train=train,
        validation=validation,
        test=test,
        task=source.task,
        num_classes=source.num_classes,
        input_shape=train.x.shape[1:],
        notes=source.notes,
    )


def _as_it_is(loaded: Dataset, validation_size: float | None, standardize: bool) -> Dataset:
    if validation_size is not None or standardize:
        raise ValueError(
            "`validation_size` and `standardize` must be left out: the function returned a"
            " `Dataset`, which is already split and scaled."
            f" Received: validation_size={validation_size}, standardize={standardize}"
        )
    return loaded


def _call(name: str, options: Mapping[str, Any]) -> Source | Dataset:
    function = references.resolve(name)
    loaded = function(**references.accepted(function, options))
    if isinstance(loaded, Dataset):
        return loaded
    try:
        (x_train, y_train), (x_test, y_test) = loaded
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"{name!r} must return a `Dataset` or `((x_train, y_train), (x_test, y_test))`."
            f" Received: {type(loaded).__name__}"
        ) from error
    return _source((x_train, y_train), (x_test, y_test), "")


def _source(train: Arrays, test: Arrays, notes: str) -> Source:
    (x, y), (x_test, y_test) = (tuple(map(np.asarray, pair)) for pair in (train, test))
    is_classes = np.issubdtype(y.dtype, np.integer) and y.size == len(y)
    if not is_classes:
        parts = Split(x, _values(y)), Split(x_test, _values(y_test))
        return Source(*parts, "regression", None, notes=notes)
    parts = Split(x, _classes(y)), Split(x_test, _classes(y_test))
    num_classes = int(max(y.max(), y_test.max())) + 1
    return Source(*parts, "classification", num_classes, notes=notes)


def _classes(y: np.ndarray) -> np.ndarray:
    return y.reshape(-1).astype(np.int64)


def _values(y: np.ndarray) -> np.ndarray:
    return y.reshape(len(y), -1).astype(np.float32)


def as_dataset(data: Any, seed: int = 0) -> Dataset:
    """Makes a `Dataset` of what callers have.

    Args:
        data: a `Dataset`; `((x_train, y_train), (x_test, y_test))`; or `(x, y)`, of which a tenth
            is cut off as the test, and the outcome says so.
        seed: chooses what is cut off.

    Raises:
        TypeError: if it is none of these.
    """
    if isinstance(data, Dataset):
        return data
    pairs = data if isinstance(data, (tuple, list)) else ()
    nested = [part for part in pairs if isinstance(part, (tuple, list))]
    if len(pairs) != 2 or (len(nested) == 2 and any(len(part) != 2 for part in nested)):
        raise TypeError(
            "`data` must be a Dataset, ((x_train, y_train), (x_test, y_test)) or (x, y)."
            f" Received: {type(data).__name__}"
        )
    first, second = pairs[0], pairs[1]
    if isinstance(first, (tuple, list)) and isinstance(second, (tuple, list)):
        return from_arrays(tuple(first), tuple(second), seed=seed)  # type: ignore[arg-type]
    count = max(1, len(first) // 10)
    train, test = cut(Split(np.asarray(first), np.asarray(second)), count, seed, "test")
    notes = f"test: {count} of the {len(first)} given examples, cut off with seed {seed}"
    return from_arrays((train.x, train.y), (test.x, test.y), seed=seed, notes=notes)
