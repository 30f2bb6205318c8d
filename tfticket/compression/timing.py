"""How long files take, all against one of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfticket.compression.budget import Budget
from tfticket.compression.candidate import Spread
from tfticket.compression.store import Store
from tfticket.export.signature import Signature
from tfticket.litert import latency

__all__ = ["Stopwatch"]

_REFERENCE = "reference"


@dataclass(frozen=True, eq=False)
class Stopwatch:
    """Times files in turn with the dense one, whose first time is the scale of all others.

    A machine that is slower for a while is so for both, so times of one search can be compared.

    Args:
        store: keeps the first time of the dense file.
        budget: examples per call and threads.
        reference: the dense file.
        inputs: typical ones by name, `[examples, ...]`: shapes of what the files leave open.
        own: returns the milliseconds of a file; `None` times it here.
        given: what the model takes, perhaps in batches of one size alone.
    """

    store: Store
    budget: Budget
    reference: Path
    inputs: Mapping[str, np.ndarray]
    own: Callable[[Path], float] | None = None
    given: Signature | None = None

    @property
    def batch_size(self) -> int:
        """Examples per call: the budget's, or what the model insists on."""
        fixed = None if self.given is None else self.given.fixed_batch_size
        return fixed or self.budget.batch_size

    def time(self, *paths: Path) -> list[Spread]:
        """Times files.

        Args:
            *paths: at least one; those of one call are timed in turn with each other.

        Raises:
            ExportError: if one does not run.
            TypeError: if a function of one's own returns no number.
        """
        if self.own is not None:
            return [self._own(path) for path in paths]
        size = self.batch_size
        found = latency(
            [self.reference, *paths],
            batch_size=size,
            num_threads=self.budget.num_threads,
            input_shapes={n: (size, *array.shape[1:]) for n, array in self.inputs.items()},
        ).files
        scale = self._scale(found[0].p50_ms)
        return [
            Spread(scale / row.speed_p90, scale / row.speed_p50, scale / row.speed_p10)
            for row in found[1:]
        ]

    def _scale(self, now: float) -> float:
        first = self.store.get("latency", _REFERENCE)
        if first is None:
            self.store.put("latency", _REFERENCE, now)
        return now if first is None else first

    def _own(self, path: Path) -> Spread:
        assert self.own is not None
        found = self.own(path)
        try:
            number = float(found)
        except (TypeError, ValueError):
            raise TypeError(
                f"`latency` must return milliseconds. Received: {type(found).__name__}"
            ) from None
        if not (math.isfinite(number) and number > 0):
            raise ValueError(
                "`latency` must return milliseconds, a number above 0."
                f" Received: {number} for {path}"
            )
        return Spread(number, number, number)
