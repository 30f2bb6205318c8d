"""How a moment of training is written: a step, `"500it"` or `"2ep"`."""

from __future__ import annotations

import operator
import re

__all__ = ["steps"]

_WRITTEN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(it|ep)\s*")


def steps(value: int | str, steps_per_epoch: int | None = None, *, name: str = "step") -> int:
    """Reads a moment of training as a step: the number of optimizer updates done by then.

    Args:
        value: a step, or a string: `"500it"` is step 500, `"2ep"` the end of the second epoch.
            Parts of epochs are allowed and go to the nearest step.
        steps_per_epoch: optimizer updates in one epoch, >= 1; needed for `"…ep"` only.
        name: how the caller calls the value, for messages.

    Returns:
        The step, >= 0.

    Raises:
        ValueError: if it is negative, no such string, or in epochs without `steps_per_epoch`.
        TypeError: if it is neither an integer nor a string.

    Example:
        >>> steps(500), steps("500it"), steps("2ep", steps_per_epoch=200)
        (500, 500, 400)
    """
    if isinstance(value, str):
        return _read(value, steps_per_epoch, name)
    try:
        step = -1 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        raise TypeError(
            f"`{name}` must be an integer or a string like '500it' or '2ep': steps are counted."
            f" Received: {name}={value!r}"
        ) from None
    if step < 0 or isinstance(value, bool):
        raise ValueError(
            f"`{name}` must be at least 0: step 0 is before the first update."
            f" Received: {name}={value!r}"
        )
    return step


def _read(value: str, steps_per_epoch: int | None, name: str) -> int:
    match = _WRITTEN.fullmatch(value)
    if match is None:
        raise ValueError(
            f"`{name}` must be written like '500it' (steps) or '2ep' (epochs): no other unit is"
            f" known. Received: {name}={value!r}"
        )
    number, unit = float(match[1]), match[2]
    if unit == "it":
        if number != int(number):
            raise ValueError(
                f"`{name}` must be a whole number of steps: an update is done or not."
                f" Received: {name}={value!r}"
            )
        return int(number)
    if steps_per_epoch is None:
        raise ValueError(
            f"`{name}` must be in steps here: how many steps an epoch has is not known."
            f" Received: {name}={value!r}. Pass `steps_per_epoch`, or write it as '…it'."
        )
    if steps_per_epoch < 1:
        raise ValueError(
            "`steps_per_epoch` must be at least 1: an epoch has at least one update."
            f" Received: steps_per_epoch={steps_per_epoch!r}"
        )
    return round(number * steps_per_epoch)
