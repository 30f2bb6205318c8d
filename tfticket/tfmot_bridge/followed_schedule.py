"""A schedule that someone wrote for tfmot, followed step by step."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from typing import Any

from tfticket._tfmot import tfmot_or_none
from tfticket.schedules import Schedule, as_schedule
from tfticket.schedules.base import FOREVER

__all__ = ["FollowedSchedule", "clocked"]


@dataclasses.dataclass(frozen=True)
class FollowedSchedule(Schedule):
    """Asks a subclass of tfmot's `PruningSchedule` at every step; nothing is known of its curve.

    Where the subclass has `begin_step`, `end_step` and `frequency`, as tfmot's own have, these are
    believed, so that it can be said before training whether its end will be reached.

    Args:
        theirs: the schedule, or its configuration: then its class must be known to tf_keras or
            Keras 3, as inside `custom_object_scope` or by `register_keras_serializable`.
    """

    theirs: Any
    end_step: int | None = dataclasses.field(default=FOREVER, kw_only=True)
    frequency: int = dataclasses.field(default=1, kw_only=True)

    def __post_init__(self) -> None:
        if isinstance(self.theirs, Mapping):
            self._keep("theirs", _from_config(self.theirs))
        for name in ("begin_step", "end_step", "frequency"):
            self._keep(name, getattr(self.theirs, name, getattr(self, name)))
        super().__post_init__()

    def formula(self, progress: Any) -> Any:
        """Returns the sparsity at the nearest step; that of the first, if there is no last."""
        span = 0 if self.end_step in (None, FOREVER) else self.end_step - self.begin_step
        return self.sparsity_at(self.begin_step + round(float(progress) * span))

    def sparsity_at(self, step: int) -> Any:
        return float(self.theirs(step)[1])

    def should_prune(self, step: int) -> bool:
        return bool(self.theirs(step)[0]) or step == self.last_step

    def __call__(self, step: Any) -> Any:
        """Answers tfmot as the schedule itself does.

        Args:
            step: integer or integer tensor.
        """
        return self.theirs(step)

    def _settings(self) -> dict[str, Any]:
        return {"theirs": _plain_config(self.theirs)}


def clocked(schedule: Any) -> Schedule:
    """Returns what any tfmot or tfticket schedule is here, checked to have a step clock.

    Args:
        schedule: a `Schedule`, tfmot's `PolynomialDecay` or `ConstantSparsity`, or a subclass of
            tfmot's `PruningSchedule`.

    Raises:
        TypeError: for anything else.
        ValueError: if it has no `end_step`, or breaks a rule such as that sparsity never falls.
    """
    found = FollowedSchedule(schedule) if _is_their_own(schedule) else as_schedule(schedule)
    found.should_prune(0)  # raises where there is no clock
    return found


def _is_their_own(schedule: Any) -> bool:
    tfmot = tfmot_or_none()
    if tfmot is None or isinstance(schedule, Schedule):
        return False
    theirs = tfmot.sparsity.keras
    stock = (theirs.PolynomialDecay, theirs.ConstantSparsity)
    return isinstance(schedule, theirs.PruningSchedule) and type(schedule) not in stock


def _plain_config(theirs: Any) -> dict[str, Any]:
    config = theirs.get_config()
    inner = config["config"] if set(config) == {"class_name", "config"} else config
    return {"class_name": type(theirs).__name__, "config": inner}


def _from_config(config: Mapping[str, Any]) -> Any:
    name = config["class_name"]
    for keras in (sys.modules.get("keras"), sys.modules.get("tf_keras")):
        if keras is None:
            continue
        known = keras.saving.get_custom_objects()
        named = [key for key in known if key.rpartition(">")[2] == name]
        for key in (name, *named):  # tf_keras keeps those of a scope apart
            cls = keras.saving.get_registered_object(key)
            if cls is not None:
                return cls.from_config(dict(config["config"]))
    raise ValueError(
        f"`theirs` must be a schedule whose class can be found: {name!r} is not registered. Load"
        f" inside prune_scope({{{name!r}: {name}}}), or decorate the class with"
        " keras.saving.register_keras_serializable()."
    )
