"""Another schedule for other weights, as for the output layer in the lottery-ticket paper."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from tfticket.schedules.adoption import get
from tfticket.schedules.base import Schedule

__all__ = ["PerPath"]


@dataclasses.dataclass(frozen=True)
class PerPath(Schedule):
    """One schedule for each pattern of weight paths, all by the same clock.

    Its curve is a mapping `{pattern: sparsity}`, which `select` takes as it is. It cannot drive
    tfmot, whose wrappers take one sparsity each: give every wrapper its own schedule there.

    Args:
        schedules: `{regex of weight paths: schedule}`; they agree in `begin_step`, `end_step`,
            `frequency` and `rounds`, which are then the mapping's own.

    Raises:
        ValueError: if there is no schedule, or their clocks differ.

    Example:
        >>> from tfticket.schedules import Linear
        >>> PerPath({"output": Linear(0.5), "dense": Linear(0.75)}).curve(0.5)
        {'output': 0.25, 'dense': 0.375}
    """

    schedules: Mapping[str, Schedule] = dataclasses.field(hash=False)
    begin_step: int = dataclasses.field(default=0, init=False)
    end_step: int | None = dataclasses.field(default=None, init=False)
    frequency: int = dataclasses.field(default=100, init=False)
    rounds: int | None = dataclasses.field(default=None, init=False)  # type: ignore[misc]

    def __post_init__(self):
        schedules = {pattern: get(schedule) for pattern, schedule in self.schedules.items()}
        clocks = {pattern: _clock(schedule) for pattern, schedule in schedules.items()}
        if len({tuple(clock.values()) for clock in clocks.values()}) != 1:
            raise ValueError(
                "`schedules` must be one or more schedules by one clock: all weights are pruned"
                f" at the same rounds and steps. Received: {clocks}"
            )
        self._keep("schedules", schedules)
        for name, value in next(iter(clocks.values())).items():
            self._keep(name, value)

    def __call__(self, step: Any):
        """Refuses: one wrapper of tfmot needs one sparsity.

        Args:
            step: not looked at.

        Raises:
            TypeError: always.
        """
        raise TypeError(
            "a PerPath schedule must not be given to tfmot: its wrappers take one sparsity each."
            f" Received: patterns={list(self.schedules)}. Give each wrapper its own schedule."
        )

    def formula(self, progress: Any) -> dict[str, Any]:
        """Returns `{pattern: sparsity}`."""
        return {pattern: schedule.formula(progress) for pattern, schedule in self.schedules.items()}

    def _settings(self) -> dict[str, Any]:
        return {"schedules": {p: schedule.get_config() for p, schedule in self.schedules.items()}}


def _clock(schedule: Schedule) -> dict[str, Any]:
    names = ("begin_step", "end_step", "frequency", "rounds")
    return {name: getattr(schedule, name) for name in names}
