"""Digests of what was made of a run, and what of it has changed since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from tfticket import files

__all__ = ["damaged_products", "digests"]


def digests(root: Path, names: Iterable[str]) -> dict[str, str]:
    """Returns the SHA-256 of each file, by its path from the root.

    Args:
        root: the run folder.
        names: of files and folders in it; of a folder every file counts.
    """
    roots = [root / name for name in names]
    paths = [p for r in roots for p in ([r] if r.is_file() else sorted(r.rglob("*")))]
    return {p.relative_to(root).as_posix(): files.sha256_of(p) for p in paths if p.is_file()}


def damaged_products(root: Path, expected: Mapping[str, str]) -> list[Path]:
    """Returns what is there and is not as it was; what is missing is simply made again.

    Args:
        root: the run folder.
        expected: what `digests` returned.
    """
    return [
        root / name
        for name, sha256 in expected.items()
        if (root / name).exists() and files.sha256_of(root / name) != sha256
    ]
