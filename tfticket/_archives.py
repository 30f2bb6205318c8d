"""What has to be known of Keras' `.keras` archives besides Keras' own way to read them."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

__all__ = ["read_in_memory", "stated_version"]

#: What damaged archives raise.
_UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError),
    *(KeyError, ValueError, TypeError),
)


def stated_version(path: Any) -> int:
    """Returns the major version of the Keras that saved a `.keras` file, as it states.

    Raises:
        ValueError: if it is not a `.keras` file, or damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            stated = json.loads(archive.read("metadata.json"))["keras_version"]
            damaged = archive.testzip()
    except _UNREADABLE as error:
        raise ValueError(
            f"`path` must be a .keras file, whole: {error}. Received: path={str(path)!r}"
        ) from error
    if damaged is not None:
        raise ValueError(
            f"`path` must be a .keras file, whole: {damaged} in it is damaged. Copy it again, or"
            f" take another. Received: path={str(path)!r}"
        )
    return int(str(stated).partition(".")[0])


@contextlib.contextmanager
def read_in_memory() -> Iterator[None]:
    """Lets tf_keras read archives from memory inside a `with` block.

    It reads weights where they lie in the archive. It goes back and forth, and at each step back
    the zip reader begins at the start again: a ResNet-101 takes 45 seconds instead of 3.
    """
    library: Any = importlib.import_module("tf_keras.src.saving.saving_lib")
    store = library.H5IOStore

    class Unpacked(store):  # does the same, so another thread may meet it meanwhile
        def __init__(self, root_path: str, archive: Any = None, mode: str = "r"):
            is_packed = archive is not None and mode == "r"
            super().__init__(root_path, _InMemory(archive) if is_packed else archive, mode)

    library.H5IOStore = Unpacked
    try:
        yield
    finally:
        library.H5IOStore = store


class _InMemory:
    """Stands for a zip archive whose members are read at once when they are opened."""

    def __init__(self, archive: Any):
        self._archive = archive

    def open(self, name: str, mode: str) -> io.BytesIO:
        return io.BytesIO(self._archive.read(name))
