"""Takes a schedule in whatever form it comes: ours, tfmot's, a config, a name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from tfticket._tfmot import tfmot_or_none
from tfticket.schedules.base import Schedule
from tfticket.schedules.curves import Constant, Polynomial
from tfticket.schedules.registration import registered

__all__ = ["as_schedule", "get", "members"]


def as_schedule(schedule: Any) -> Schedule:
    """Returns a schedule of ours for one of ours or of tfmot's.

    Args:
        schedule: a `Schedule`, returned as it is, or tfmot's `PolynomialDecay` or
            `ConstantSparsity`, for which the `Polynomial` or `Constant` with the same sparsities
            and the same steps is returned.

    Raises:
        TypeError: for anything else.
        ValueError: if a tfmot schedule breaks a rule of ours, such as a falling sparsity.

    Example:
        >>> from tfticket._tfmot import tfmot
        >>> as_schedule(tfmot().sparsity.keras.ConstantSparsity(0.5, begin_step=0)).curve(1.0)
        0.5
    """
    if isinstance(schedule, Schedule):
        return schedule
    theirs = tfmot_or_none()
    known = {} if theirs is None else vars(theirs.sparsity.keras)
    for name, adopt in _ADOPTIONS.items():
        if type(schedule) is known.get(name):
            return adopt(**vars(schedule))
    raise TypeError(
        "`schedule` must be a tfticket Schedule, or tfmot's PolynomialDecay or ConstantSparsity:"
        f" the curve of no other is known. Received: {type(schedule).__name__}. For a curve of"
        " your own, subclass tfticket.schedules.Schedule and define `formula`."
    )


def get(identifier: Any, **settings: Any) -> Schedule:
    """Returns a schedule by name, from a config, or as `as_schedule` does.

    Args:
        identifier: a name like `"exponential"`, `"one_shot"` or `"tfticket>OneShot"`; what
            `get_config` of a schedule of ours or of tfmot's returned; or a schedule.
        **settings: arguments of the constructor, if a name is given.

    Raises:
        ValueError: if no schedule has that name.
        TypeError: if settings come with anything but a name, or it is no schedule at all.

    Example:
        >>> get("linear", final_sparsity=0.5) == get(get("linear", final_sparsity=0.5).get_config())
        True
    """
    if isinstance(identifier, str):
        return _class(identifier)(**settings)
    if settings:
        raise TypeError(
            "settings must come with a name only: a schedule or config has its own."
            f" Received: {', '.join(settings)}"
        )
    if not isinstance(identifier, Mapping):
        return as_schedule(identifier)
    if set(identifier) != {"class_name", "config"}:
        raise ValueError(
            "a schedule's config must have `class_name` and `config`, as get_config() returns it."
            f" Received: {sorted(identifier)}"
        )
    name = identifier["class_name"]
    if name in _ADOPTIONS:
        return _ADOPTIONS[name](**identifier["config"])
    return _class(name).from_config(identifier)


def members() -> dict[str, type[Schedule]]:
    """Returns every schedule class by the name `get` knows it by, those of callers included.

    Example:
        >>> members()["one_shot"](0.9).final_sparsity
        0.9
    """
    return {_snake_case(cls.__name__): cls for cls in registered().values()}


def _constant(target_sparsity: float, **clock: Any) -> Constant:
    return Constant(target_sparsity, **clock)


#: Makes ours from the settings of tfmot's, by the name of tfmot's class.
_ADOPTIONS: dict[str, Callable[..., Schedule]] = {
    "PolynomialDecay": Polynomial,
    "ConstantSparsity": _constant,
}


def _class(name: str) -> type[Schedule]:
    found = registered().get(name) or members().get(_snake_case(name))
    if found is None:
        raise ValueError(
            f"`schedule` must be one of {sorted(members())}: no other name is known."
            f" Received: schedule={name!r}"
        )
    return found


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
