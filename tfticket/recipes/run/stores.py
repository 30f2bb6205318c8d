"""Where finished levels are kept while a search goes on: in memory here, or on disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tfticket.lottery import Level
from tfticket.reports.results import Result, in_order
from tfticket.zoo.training import Train, Training

__all__ = ["MemoryStore", "Store", "Trainings"]


class Trainings(Protocol):
    """What a run asks of the place where trainings are kept that other runs need as well."""

    def trained(
        self, train: Train, training: Training, model: Any, callbacks: list[Any], until: int | None
    ) -> dict[str, Any]:
        """Trains a model, or leaves it as the same training left it before.

        Args:
            train: trains it.
            training: what `train` does.
            model: as it stands.
            callbacks: for `train`.
            until: the step to train up to, as `train` takes it.

        Returns:
            The log of the training.
        """
        ...


class Store(Protocol):
    """What a search asks of the place that keeps its levels."""

    def num_levels(self, replicate: int) -> int:
        """Returns how many levels of a replicate are kept, from level 0 on."""
        ...

    def level(self, replicate: int, round_: int) -> Level:
        """Returns a kept level."""
        ...

    def keep_level(self, level: Level, result: Result) -> None:
        """Keeps a level; the result says of which replicate."""
        ...

    def unfinished(self, replicate: int) -> Path | None:
        """Returns a folder for what the next level is in the middle of, if it can be kept."""
        ...

    def has_control(self, replicate: int, round_: int, control: str) -> bool:
        """Tells whether the result of a control is kept."""
        ...

    def keep_control(self, level: Level, result: Result) -> None:
        """Keeps a control; the result says which and of which replicate."""
        ...

    def results(self) -> list[Result]:
        """Returns every result kept: by replicate its levels, then its controls."""
        ...


@dataclass
class MemoryStore:
    """Keeps everything in memory, trained weights included.

    Args:
        levels: by replicate and round.
        level_results: of the levels, as they came.
        control_results: of the controls; their weights are not kept.
    """

    levels: dict[tuple[int, int], Level] = field(default_factory=dict)
    level_results: list[Result] = field(default_factory=list)
    control_results: list[Result] = field(default_factory=list)

    def num_levels(self, replicate: int) -> int:
        """See `Store`."""
        return sum(1 for number, _ in self.levels if number == replicate)

    def level(self, replicate: int, round_: int) -> Level:
        """See `Store`."""
        return self.levels[replicate, round_]

    def keep_level(self, level: Level, result: Result) -> None:
        """See `Store`."""
        self.levels[result.replicate, result.round] = level
        self.level_results.append(result)

    def unfinished(self, replicate: int) -> Path | None:
        """See `Store`; nothing outlives the program."""
        return None

    def has_control(self, replicate: int, round_: int, control: str) -> bool:
        """See `Store`."""
        wanted = (replicate, round_, control)
        return any((r.replicate, r.round, r.arm) == wanted for r in self.control_results)

    def keep_control(self, level: Level, result: Result) -> None:
        """See `Store`; only the result is kept."""
        self.control_results.append(result)

    def results(self) -> list[Result]:
        """See `Store`."""
        return in_order([*self.level_results, *self.control_results])
