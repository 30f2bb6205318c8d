"""Data sets by name: embedded, synthetic, prepared by tensorflow-datasets, or the user's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from tfticket import references
from tfticket.zoo import sources
from tfticket.zoo.assembling import assembled
from tfticket.zoo.deskewing import deskewed_source
from tfticket.zoo.forms import as_dataset
from tfticket.zoo.sources import Source
from tfticket.zoo.splits import Dataset
from tfticket.zoo.tfds import read_prepared, require_prepared

__all__ = ["DATASETS", "check_data", "load_data"]

#: What needs no files, by name.
_EMBEDDED: Mapping[str, Callable[[], Source]] = {
    "digits": sources.digits,
    "regression": sources.regression,
}
#: Data sets of deskewed images, and what each is made of.
_DESKEWED: Mapping[str, str] = {"mnist_16": "mnist"}
#: Every name `load_data` knows without a prefix.
DATASETS = (*_EMBEDDED, "mnist", *_DESKEWED, "fashion_mnist", "cifar10", "cifar10_jpeg")


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
            tensorflow-datasets; or `module:function` for a function of the user's that returns
            what `as_dataset` takes, arrays or pipelines, called with those of `seed`, `data_dir`
            and `download` that it has parameters for.
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
    check_data(name, data_dir=data_dir, download=download)
    source: Source
    if name in _EMBEDDED:
        source = _EMBEDDED[name]()
    elif _is_prepared(name):
        source = read_prepared(_made_of(name), data_dir, download=download)
        source = deskewed_source(source) if name in _DESKEWED else source
    else:
        options = {"seed": seed, "data_dir": data_dir, "download": download}
        given = {"validation_size": validation_size, "standardize": standardize}
        return _of_user(name, options, seed=seed, **given)
    return assembled(name, source, seed, validation_size, standardize)


def check_data(
    name: str, *, data_dir: str | os.PathLike[str] | None = None, download: bool = False
) -> None:
    """Makes sure that there are data of a name, as far as that is known without reading them.

    Args:
        name: as for `load_data`.
        data_dir: as for `load_data`.
        download: whether they may be downloaded.

    Raises:
        ValueError: if the name is unknown; the message lists the names.
        DataUnavailableError: if the data are not on this machine; the message says what to do.
    """
    if name in _EMBEDDED:
        return
    if _is_prepared(name):
        require_prepared(_made_of(name), data_dir, download=download)
    elif ":" in name:
        references.check(name)
    else:
        raise ValueError(
            f"the data must be one of {DATASETS}, `tfds:NAME`, `module:function` or"
            f" `path/to/file.py:function`. Received: {name!r}"
        )


def _is_prepared(name: str) -> bool:
    return name in DATASETS or name.startswith("tfds:")


def _made_of(name: str) -> str:
    return _DESKEWED.get(name, name.removeprefix("tfds:"))


def _of_user(name: str, options: Mapping[str, Any], **given: Any) -> Dataset:
    function = references.resolve(name)
    if not callable(function):
        raise TypeError(
            "the data must come from a function that returns them. Received:"
            f" {name!r}, which is {type(function).__name__}"
        )
    loaded = references.called(function, options, name)
    try:
        return as_dataset(loaded, name=name, **given)
    except TypeError as error:
        raise TypeError(f"{name!r} must return data. {error}") from error
