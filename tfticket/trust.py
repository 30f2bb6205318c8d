"""Whether a `.keras` file may be loaded by a Keras whose safe mode can be got around."""

from __future__ import annotations

import contextvars
from typing import Any

__all__ = ["require", "trusting"]

#: Whether every file is trusted; `tfticket --trust` sets it.
trusting: contextvars.ContextVar[bool] = contextvars.ContextVar("trusting", default=False)

_SAFE_FROM = (3, 11)


def require(path: Any, version: str) -> None:
    """Makes sure that a file may be loaded: by a safe Keras, or because it is trusted.

    Args:
        path: of the file.
        version: of the Keras 3 that would load it.

    Raises:
        ValueError: if neither holds.
    """
    is_safe = tuple(int(part) for part in version.split(".")[:2]) >= _SAFE_FROM
    if not (is_safe or trusting.get()):
        raise ValueError(
            "`path` must be a file that you trust: up to Keras 3.10 a prepared .keras file can run"
            " code of its own, in safe mode too. Use a newer Keras, or say that you trust the file:"
            f" `tfticket --trust …`, or trust=True in Python. Received: path={str(path)!r}, Keras"
            f" {version}"
        )
