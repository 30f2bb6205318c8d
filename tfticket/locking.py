"""One process at a time in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from tfticket.errors import TicketError

__all__ = ["LOCK", "locked"]

#: The file by which processes know of each other.
LOCK = ".lock"


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Keeps a second process out of a folder; the lock goes with the process.

    Args:
        root: the folder, made if need be.

    Raises:
        TicketError: if another process is at work in it.
    """
    root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(root / LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        advice = "Start again when it has ended."
        raise TicketError(f"another process is at work in {root}. {advice}") from error
    try:
        yield
    finally:
        lock.release()
