"""Numbers that maskers are set with, and scores that all start alike."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["at_least_zero", "constant"]


def constant(value: float, name: str) -> dict[str, Any]:
    """Returns the configuration of the initialiser of one value, which both Kerases read.

    >>> constant(-5, "initial_score")
    {'class_name': 'Constant', 'config': {'value': -5.0}}

    Args:
        value: of every entry, finite.
        name: how the user calls it, for the message.

    Raises:
        ValueError: if the value is not finite.
    """
    if not math.isfinite(value):
        raise ValueError(f"`{name}` must be a finite number. Received: {name}={value!r}")
    return {"class_name": "Constant", "config": {"value": float(value)}}


def at_least_zero(value: float, name: str) -> float:
    """Returns a finite number that is not negative, as a float.

    Args:
        value: the number.
        name: how the user calls it, for the message.

    Raises:
        ValueError: if it is negative or not finite.
    """
    if not 0.0 <= value < math.inf:
        raise ValueError(f"`{name}` must be at least 0 and finite. Received: {name}={value!r}")
    return float(value)
