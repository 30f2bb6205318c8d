"""Folders as one `.zip` file, with the same bytes every time."""

from __future__ import annotations

import contextlib
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from tfticket.errors import ExportError
from tfticket.export import atomic

MARK = b"written by tfticket"
EPOCH = (1980, 1, 1, 0, 0, 0)
LEVEL = 9


def is_named(path: Path) -> bool:
    """Tells whether a path asks for an archive."""
    return path.suffix.lower() == ".zip"


def is_ours(path: Path) -> bool:
    """Tells whether `new_archive` wrote a file."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.comment == MARK
    except (OSError, zipfile.BadZipFile):
        return False


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
        files = {
            file.relative_to(folder).as_posix(): file.read_bytes()
            for file in sorted(folder.rglob("*"))
            if file.is_file()
        }
    with atomic.new_file(path) as draft:
        with zipfile.ZipFile(draft, "w") as archive:
            archive.comment = MARK
            for member, data in files.items():
                info = zipfile.ZipInfo(member, EPOCH)
                archive.writestr(info, data, zipfile.ZIP_DEFLATED, LEVEL)
        with zipfile.ZipFile(draft) as archive:
            if {member: archive.read(member) for member in archive.namelist()} != files:
                raise ExportError(f"the archive {path} does not hold what was written")
