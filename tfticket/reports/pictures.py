"""Files of pictures: whether one can be written, without loss of anything else."""

from __future__ import annotations

import importlib
from pathlib import Path

from tfticket import files
from tfticket.errors import MissingDependencyError

__all__ = ["require_matplotlib", "require_room"]

_PNG = b"\x89PNG\r\n\x1a\n"


def require_room(path: str | Path | None, *, overwrite: bool = False) -> None:
    """Makes sure, before anything long starts, that a picture can be drawn and written.

    Args:
        path: of the PNG file; `None` asks for nothing.
        overwrite: whether it may take the place of any file.

    Raises:
        MissingDependencyError: without matplotlib.
        ValueError: if the name does not end in .png.
        FileExistsError: if what is there is no PNG file.
        IsADirectoryError, NotADirectoryError: if a folder is there, or a file where a folder
            would have to be.
    """
    if path is None:
        return
    path = Path(path)
    files.require_free(path, is_ours=_is_png(path), overwrite=overwrite, is_file=True)
    if path.suffix.lower() != ".png":
        raise ValueError(f"a picture is a PNG file, so its name must end in .png. Received: {path}")
    require_matplotlib()


def require_matplotlib() -> None:
    """Raises `MissingDependencyError` without matplotlib."""
    try:
        importlib.import_module("matplotlib.figure")
    except ImportError as error:
        raise MissingDependencyError("matplotlib", "plots", "to plot") from error


def _is_png(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as opened:
        return opened.read(len(_PNG)) == _PNG
