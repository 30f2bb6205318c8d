"""`.keras` files: made plain, with the same bytes every time, and loaded by the right Keras."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from tfticket import _keras
from tfticket.files.archives import read_members, write_members

__all__ = ["load", "make_plain"]

TRAINING_GROUPS = {"optimizer", "metrics"}


def make_plain(path: Path) -> None:
    """Rewrites a `.keras` file without what only training needs.

    Optimizer slots (twice the weights for Adam), metrics and compile settings, which may need
    code of their own to load, are left out; so are the time of saving and the memory addresses
    that Keras writes, so that equal models give equal files.

    Args:
        path: of the file, rewritten in place.
    """
    members = read_members(path)
    for name, plain in {
        "config.json": _plain_config,
        "metadata.json": _plain_metadata,
        "model.weights.h5": _plain_weights,
    }.items():
        if name in members:
            members[name] = plain(members[name])
    write_members(path, members)


def load(path: str | Path, keras: str | None = None, *, compiled: bool = False) -> Any:
    """Loads a model with the Keras that wrote it, in safe mode.

    Args:
        path: of a `.keras` file.
        keras: `"keras"` or `"tf_keras"`; `None` means the one whose version the file states.
        compiled: whether it is compiled as it was when it was saved, to be trained on.

    Returns:
        The model.

    Raises:
        ValueError: if it is not a `.keras` file.
    """
    writer = _keras.saved_by(path)
    try:
        return _keras.load_model(keras or writer, path, compile=compiled, safe_mode=True)
    except Exception as error:
        if keras in (None, writer):
            raise
        raise ValueError(
            f"`keras` must be {writer!r}, or left out: that one saved {str(path)!r}."
            f" Received: keras={keras!r}"
        ) from error


def _plain_config(data: bytes) -> bytes:
    config = json.loads(data)
    config.pop("compile_config", None)
    return json.dumps(_renumbered(config, {})).encode()


def _renumbered(value: Any, numbers: dict[int, int]) -> Any:
    """Counts shared objects in order of appearance instead of by their memory address."""
    if isinstance(value, list):
        return [_renumbered(item, numbers) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: numbers.setdefault(item, len(numbers) + 1)
        if key == "shared_object_id" and isinstance(item, int)
        else _renumbered(item, numbers)
        for key, item in value.items()
    }


def _plain_metadata(data: bytes) -> bytes:
    metadata = json.loads(data)
    metadata.pop("date_saved", None)
    return json.dumps(metadata).encode()


def _plain_weights(data: bytes) -> bytes:
    import h5py

    plain = io.BytesIO()
    with h5py.File(io.BytesIO(data), "r") as source, h5py.File(plain, "w") as target:
        target.attrs.update(source.attrs)
        for name in source:
            if name not in TRAINING_GROUPS:
                source.copy(name, target)
    return plain.getvalue()
