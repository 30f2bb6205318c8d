"""Whether what may run code of its own is trusted: some `.keras` files, and some run folders."""

from __future__ import annotations

import contextvars
from collections.abc import Iterable
from typing import Any

__all__ = ["require", "require_code", "trusting"]

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


def require_code(folder: Any, names: Iterable[Any]) -> None:
    """Makes sure that what a folder names may be imported, if that is code.

    Args:
        folder: whose record has the names.
        names: of recipes, networks and the like; those with a colon are `module:function` or
            `file.py:function`, but for data sets of tensorflow-datasets.

    Raises:
        ValueError: if there is code among them, and it is not trusted.
    """
    code = [n for n in names if isinstance(n, str) and ":" in n and not n.startswith("tfds:")]
    if code and not trusting.get():
        raise ValueError(
            f"{folder} must be a folder that you trust: it names code, which would be imported and"
            f" run: {', '.join(code)}. Look at it, and say so: `tfticket --trust …`, or"
            " `tfticket.trust.trusting.set(True)` in Python."
        )
