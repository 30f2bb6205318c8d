"""Things by name, by configuration, or as objects: the one way in which they are looked up."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from tfticket.errors import SettingsError

__all__ = ["by_name", "look_up", "member"]

Thing = TypeVar("Thing")


def by_name(things: tuple[Thing, ...]) -> dict[str, Thing]:
    """Returns classes or objects by their attribute `name`."""
    return {thing.name: thing for thing in things}  # type: ignore[attr-defined]


def look_up(
    given: Any, known: Mapping[str, Callable[..., Thing]], argument: str, kind: type[Thing]
) -> Thing:
    """Returns what a caller means: the object itself, or one made by name or configuration.

    >>> look_up({"name": "dict", "density": 0.5}, {"dict": dict}, "settings", list)
    {'density': 0.5}

    Args:
        given: an object of `kind`, a name, or a mapping `{"name": …, setting: value}`.
        known: what makes the objects, by name.
        argument: what the caller's argument is called.
        kind: class of the objects.

    Raises:
        ValueError: if there is nothing of that name.
        TypeError: if it is of another kind.
        SettingsError: if a setting is unknown or missing.
    """
    if isinstance(given, kind):
        return given
    settings = dict(given) if isinstance(given, Mapping) else {"name": given}
    name = settings.pop("name", None)
    if not isinstance(name, str):
        raise TypeError(
            f"`{argument}` must be a name or a `{kind.__name__}`. Received: {argument}={given!r}"
        )
    make = member(name, known, argument)
    try:
        return make(**settings)
    except TypeError as error:
        raise SettingsError(
            f"`{argument}` must have the settings of {make.__name__}: {error}."
            f" Received: {argument}={given!r}"
        ) from error


def member(name: str, known: Mapping[str, Thing], argument: str) -> Thing:
    """Returns one of several things by its name.

    >>> member("layer", {"global": 1, "layer": 2}, "scope")
    2

    Args:
        name: its name.
        known: the things by name.
        argument: what the caller's argument is called.

    Raises:
        ValueError: if there is nothing of that name; the message lists the names.
    """
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, 1)
    advice = f". Did you mean {near[0]!r}?" if near else ""
    raise ValueError(
        f"`{argument}` must be one of {sorted(known)}. Received: {argument}={name!r}{advice}"
    )
