"""Files and folders that appear whole or not at all: a killed program leaves the old one."""

from __future__ import annotations

import contextlib
import contextvars
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["new_file", "new_folder", "overwriting", "require_free", "write_bytes"]

#: Whether everything may be replaced; `--overwrite` of a command sets it.
overwriting: contextvars.ContextVar[bool] = contextvars.ContextVar("overwriting", default=False)


def write_bytes(path: str | Path, data: bytes) -> None:
    """Writes a file so that a reader sees the old content or the new, never a part.

    Args:
        path: the file; its folder is made if need be.
        data: the whole content.
    """
    with new_file(path) as draft:
        draft.write_bytes(data)


def require_free(
    path: str | Path, *, is_ours: bool, overwrite: bool, is_file: bool = False
) -> None:
    """Makes sure that nothing of somebody else is lost by writing to a path.

    Args:
        path: of a file or folder to write; an empty folder counts as free.
        is_ours: whether what is there was written by this package.
        overwrite: whether to replace it even if not.
        is_file: whether a file is to be written, which no folder makes room for.

    Raises:
        FileExistsError: if something not ours is there and `overwrite` is not set.
        IsADirectoryError: if a file is to be written where a folder is, even if that is empty or
            `overwrite` is set: no folder is deleted for a file.
        NotADirectoryError: if a file is where a folder above the path would have to be.
    """
    path = Path(path)
    above = next((p for p in path.absolute().parents if p.exists()), path)
    if not above.is_dir():
        raise NotADirectoryError(
            f"the target must lie in a folder. Received: path={str(path)!r}, and {str(above)!r}"
            " is a file"
        )
    is_empty = path.is_dir() and not any(path.iterdir())
    overwrite = overwrite or overwriting.get()
    if path.exists() and not (overwrite or is_ours or is_empty):
        raise FileExistsError(
            "the target must be free, or written by tfticket, or `overwrite` set."
            f" Received: path={str(path)!r}, overwrite={overwrite}"
        )
    if path.is_dir() and is_file:
        raise IsADirectoryError(
            "a file cannot take the place of a folder, `overwrite` set or not: name a file in it,"
            f" or move it away. Received: path={str(path)!r}"
        )


@contextlib.contextmanager
def new_file(path: str | Path) -> Iterator[Path]:
    """Gives a sibling to write to; it takes the place of `path` if the block succeeds.

    The sibling keeps the suffix of `path`, which Keras goes by.

    Args:
        path: where the finished file goes; missing folders above it are made.

    Yields:
        The path to write to. It does not exist yet.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        draft = folder / target.name
        yield draft
        _flush(draft)
        os.replace(draft, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def new_folder(path: str | Path) -> Iterator[Path]:
    """Gives a sibling folder to fill; it takes the place of `path` if the block succeeds.

    An old folder is moved aside first and comes back if the exchange fails.

    Args:
        path: where the finished folder goes; missing folders above it are made.

    Yields:
        An empty folder to fill.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        draft = workshop / "new"
        draft.mkdir()
        yield draft
        for file in draft.rglob("*"):
            if file.is_file():
                _flush(file)
        _exchange(draft, target, workshop / "old")
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _exchange(draft: Path, target: Path, aside: Path) -> None:
    if not target.exists():
        os.replace(draft, target)
        return
    os.replace(target, aside)
    try:
        os.replace(draft, target)
    except OSError:
        os.replace(aside, target)
        raise


def _flush(path: Path) -> None:
    with open(path, "rb") as file:
        os.fsync(file.fileno())
