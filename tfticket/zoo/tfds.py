"""Data sets prepared for tensorflow-datasets, read without ever touching the network unasked.

`tfds.load` without network takes minutes to give up. So the prepared files are looked for first,
and read straight from their folder; a download happens only on request, and only when a host
answers.
"""

from __future__ import annotations

import importlib.util
import os
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np

from tfticket.errors import DataUnavailableError, MissingDependencyError
from tfticket.zoo.sources import Source
from tfticket.zoo.splits import Split
from tfticket.zoo.whole_files import read_whole_file

__all__ = ["find_prepared", "read_prepared", "require_prepared", "root_folder"]

_NAME = re.compile(r"(?P<name>\w+)(/(?P<config>[\w\-.]+))?(:(?P<version>\d+\.\d+\.\d+))?")
_NOTES = {"cifar10_jpeg": "images went through lossy JPEG: not comparable with CIFAR-10 itself"}
# Besides these, tensorflow-datasets needs `importlib_resources` without saying so.
_LIBRARIES = ("tensorflow_datasets", "importlib_resources")
# They serve MNIST and the catalogue of tensorflow-datasets, and CIFAR-10.
_HOSTS = ("https://storage.googleapis.com", "https://www.cs.toronto.edu")
_PROBE_SECONDS = 4.0


def root_folder(data_dir: str | os.PathLike[str] | None = None) -> Path:
    """Returns the folder of prepared data: `data_dir`, else `TFDS_DATA_DIR`, else TFDS's own."""
    default = os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    return Path(default if data_dir is None else data_dir).expanduser()


def find_prepared(name: str, data_dir: str | os.PathLike[str] | None = None) -> Path | None:
    """Finds the folder of a prepared data set by looking at file names only.

    Args:
        name: `name`, `name/config`, or either with `:1.0.0`.
        data_dir: see `root_folder`.

    Returns:
        The folder of the newest prepared version, or `None`.

    Raises:
        ValueError: if the name is malformed or leaves open which of several configs is meant.
    """
    parts = _parsed(name)
    base = root_folder(data_dir) / parts["name"]
    pattern = parts["version"] or "*.*.*"
    if parts["config"]:
        return _newest(base / parts["config"], pattern)
    return _newest(base, pattern) or _only_config(name, base, pattern)


def require_prepared(
    name: str, data_dir: str | os.PathLike[str] | None = None, *, download: bool = False
) -> Path | None:
    """Finds the folder of a prepared data set, as `find_prepared` does.

    Args:
        name: as for `find_prepared`.
        data_dir: see `root_folder`.
        download: whether it may be missing.

    Raises:
        DataUnavailableError: if it is missing and may not be; the message says what to do.
        ValueError: as `find_prepared`.
    """
    folder = find_prepared(name, data_dir)
    if folder is None and not download:
        raise DataUnavailableError(_advice(name, data_dir))
    return folder


def read_prepared(
    name: str, data_dir: str | os.PathLike[str] | None = None, *, download: bool = False
) -> Source:
    """Reads train and test of a data set into memory.

    The test is TFDS's `test` split or, where there is none, `validation`.

    Args:
        name: `name`, `name/config`, or either with `:1.0.0`.
        data_dir: see `root_folder`.
        download: whether tensorflow-datasets may download and prepare what is missing.

    Raises:
        DataUnavailableError: if the data are not there; at once, or within seconds when the
            download is allowed and no host answers.
        MissingDependencyError: if tensorflow-datasets, or what it needs, is not installed.
        ValueError: if the data are not pairs of equally shaped inputs and labels.
    """
    folder = require_prepared(name, data_dir, download=download)
    tfds = _import_tfds()
    builder = (
        tfds.builder_from_directory(str(folder))
        if folder is not None
        else _downloaded(tfds, name, data_dir)
    )
    return _source(tfds, builder)


def _parsed(name: str) -> dict[str, Any]:
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(
            "the data must have a name of tensorflow-datasets: `name`, `name/config`, either with"
            f" `:1.0.0`. Received: {name!r}"
        )
    return match.groupdict()


def _newest(base: Path, pattern: str) -> Path | None:
    found = [
        f
        for f in base.glob(pattern)
        if re.fullmatch(r"\d+\.\d+\.\d+", f.name) and (f / "dataset_info.json").is_file()
    ]
    return max(found, key=lambda f: tuple(map(int, f.name.split("."))), default=None)


def _only_config(name: str, base: Path, pattern: str) -> Path | None:
    folders = sorted(base.iterdir()) if base.is_dir() else []
    configs = {f.name: found for f in folders if (found := _newest(f, pattern))}
    if len(configs) > 1:
        raise ValueError(
            f"`name` must say which config of the data set: {sorted(configs)} are prepared."
            f" Received: name={name!r}"
        )
    return next(iter(configs.values()), None)


def _advice(name: str, data_dir: str | os.PathLike[str] | None) -> str:
    root, short = root_folder(data_dir), name.partition(":")[0]
    return (
        f"the data set {name!r} is not prepared on this machine: there is no"
        f" {root / short}/<version>/dataset_info.json. Do one of these: point TFDS_DATA_DIR"
        " at the folder it was prepared in; allow the download: `tfticket find …"
        " --download`, or download=True in Python;"
        ' prepare it on a machine with network, by `python -c "import tensorflow_datasets as'
        f" tfds; tfds.load('{short}')\"` (or `tfds build {short}`, which needs apache_beam), and"
        " copy the folder. `digits` and `regression` need no files."
    )


def _import_tfds() -> Any:
    for library in _LIBRARIES:
        if importlib.util.find_spec(library) is None:
            raise MissingDependencyError(library, "data", "to read tensorflow-datasets")
    import tensorflow_datasets

    return tensorflow_datasets


def _downloaded(tfds: Any, name: str, data_dir: str | os.PathLike[str] | None) -> Any:
    try:
        builder = tfds.builder(name, data_dir=str(root_folder(data_dir)))
    except tfds.core.DatasetNotFoundError as error:
        raise DataUnavailableError(
            f"tensorflow-datasets knows no recipe to download {name!r}. " + _advice(name, data_dir)
        ) from error
    if not any(_answers(host) for host in _HOSTS):
        raise DataUnavailableError(
            f"there is no network: none of {_HOSTS} answers. " + _advice(name, data_dir)
        )
    try:
        builder.download_and_prepare()
    except OSError as error:
        raise DataUnavailableError(
            f"the download of {name!r} failed: {error}. " + _advice(name, data_dir)
        ) from error
    return builder


def _answers(host: str) -> bool:
    try:
        urllib.request.urlopen(host, timeout=_PROBE_SECONDS).close()  # noqa: S310 - https only, see _HOSTS
    except urllib.error.HTTPError:
        return True  # an error page is an answer
    except OSError:
        return False
    return True


def _source(tfds: Any, builder: Any) -> Source:
    info = builder.info
    y_key = _checked_keys(info)[1]
    missing = "train" not in info.splits or not {"test", "validation"} & set(info.splits)
    if missing:
        raise ValueError(
            f"the data set {info.name!r} must have a `train` split, and a `test` or `validation`"
            f" split to test on. It has: {list(info.splits)}"
        )
    test_name = "test" if "test" in info.splits else "validation"
    num_classes = getattr(info.features[y_key], "num_classes", None)
    notes = [_NOTES.get(info.name, "")]
    if test_name == "validation":
        notes.append("tested on the published validation split: there is no test split")
    return Source(
        train=_read_split(tfds, builder, "train", num_classes),
        test=_read_split(tfds, builder, test_name, num_classes),
        task="classification" if num_classes else "regression",
        num_classes=num_classes,
        validation_size=5_000 if info.splits["train"].num_examples >= 50_000 else 0.1,
        notes="; ".join(filter(None, notes)),
    )


def _checked_keys(info: Any) -> tuple[str, str]:
    keys = info.supervised_keys
    if not (isinstance(keys, tuple) and len(keys) == 2 and all(isinstance(k, str) for k in keys)):
        raise ValueError(
            f"the data set {info.name!r} must come as pairs of input and label."
            f" Received: supervised_keys={keys}"
        )
    shape = info.features[keys[0]].shape
    if shape is None or None in shape:
        raise ValueError(
            f"the inputs of {info.name!r} must all have one shape: they are stacked in memory."
            f" Received: shape={shape}"
        )
    return keys


def _read_split(tfds: Any, builder: Any, name: str, num_classes: int | None) -> Split:
    arrays = read_whole_file(builder.info, name, builder.info.supervised_keys)
    if arrays is None:  # in one batch: several times faster than `tfds.as_numpy`
        tensors = builder.as_dataset(
            split=name,
            batch_size=-1,
            as_supervised=True,
            read_config=tfds.ReadConfig(try_autocache=False),
        )
        arrays = tuple(t.numpy() for t in tensors)
    x, y = arrays
    y = y.astype(np.int64) if num_classes else y.astype(np.float32).reshape(len(y), -1)
    return Split(x, y)
