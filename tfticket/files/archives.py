"""Files in one `.zip`, with the same bytes every time and a mark of who wrote it."""

from __future__ import annotations

import contextlib
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from tfticket.errors import ExportError
from tfticket.files.atomic import new_file

__all__ = ["is_named", "is_ours", "new_archive", "read_members", "write_members"]

# Readers of zip archives ignore the comment.
MARK = b"written by tfticket"
EPOCH = (1980, 1, 1, 0, 0, 0)
LEVEL = 9


def is_named(path: Path) -> bool:
    """Tells whether a path asks for an archive."""
    return path.suffix.lower() == ".zip"


def is_ours(path: Path) -> bool:
    """Tells whether `write_members` wrote a file."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.comment == MARK
    except (OSError, zipfile.BadZipFile):
        return False


def read_members(path: Path) -> dict[str, bytes]:
    """Reads every file of an archive, by its name in it."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_members(path: Path, members: Mapping[str, bytes], *, is_deflated: bool = False) -> None:
    """Writes an archive in which neither times nor users of this machine are stored.

    Args:
        path: of the archive.
        members: content by name, in the order it is stored.
        is_deflated: whether to make it smaller; else it is stored as it is.
    """
    method = zipfile.ZIP_DEFLATED if is_deflated else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w") as archive:
        archive.comment = MARK
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), data, method, LEVEL)


@contextlib.contextmanager
def new_archive(path: str | Path) -> Iterator[Path]:
    """Gives a folder to fill; its files take the place of `path`, zipped, if the block succeeds.

    Args:
        path: of the archive; it appears whole or not at all.

    Yields:
        An empty folder to fill.

    Raises:
        ExportError: if the archive does not hold what was written.
    """
    with tempfile.TemporaryDirectory(prefix="tfticket_") as name:
        folder = Path(name)
        yield folder
        members = {
            file.relative_to(folder).as_posix(): file.read_bytes()
            for file in sorted(folder.rglob("*"))
            if file.is_file()
        }
    with new_file(path) as draft:
        write_members(draft, members, is_deflated=True)
        if read_members(draft) != members:
            raise ExportError(f"the archive {path} does not hold what was written")
