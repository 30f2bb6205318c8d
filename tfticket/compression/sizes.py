"""How large and how fast files would be, before anything is trained for them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfticket.compression.budget import Budget
from tfticket.compression.candidate import Candidate
from tfticket.compression.timing import Stopwatch
from tfticket.compression.treatment import Treatment
from tfticket.compression.workshop import Channels, Workshop
from tfticket.errors import ExportError, MismatchError
from tfticket.tflite.sizes import gzip_size

__all__ = ["Sizes"]


@dataclass(frozen=True, eq=False)
class Sizes:
    """Sizes and times of files of networks that are not trained.

    Args:
        workshop: makes them.
        channels: of the model, if any can go.
        stopwatch: times files.
        budget: says what is counted.
    """

    workshop: Workshop
    channels: Channels | None
    stopwatch: Stopwatch
    budget: Budget

    def fit(self, treatment: Treatment, kind: str) -> bool:
        """Whether a file keeps to the limits of size and time; one that cannot be made does not.

        Args:
            treatment: what is done to the network.
            kind: the type of its weights.
        """
        found = self._of(treatment, kind)
        if "failed" in found:
            return False
        limit, most = self.budget.bytes, self.budget.milliseconds
        is_small = limit is None or found[self._counted] <= limit
        return is_small and (most is None or found["milliseconds"] <= most)

    def first_that_fits(self, treatments: Sequence[Treatment], kind: str) -> int:
        """The place of the least treatment of which the file fits, whatever it computes.

        Found by bisection; without a limit of size or time it is the middle one.

        Args:
            treatments: by how much they take away, the least first.
            kind: the type of the weights.
        """
        if self.budget.bytes is None and self.budget.milliseconds is None:
            return len(treatments) // 2
        low, high = -1, len(treatments) - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.fit(treatments[middle], kind) else (middle, high)
        return high

    def is_below(self, treatment: Treatment, kind: str, other: Candidate) -> bool:
        """Whether a file is smaller, or faster where that is the goal, than one there is.

        Args:
            treatment: what is done to the network.
            kind: the type of its weights.
            other: the file there is.
        """
        found = self._of(treatment, kind)
        if "failed" in found:
            return False
        if self.budget.aim == "latency":
            return found["milliseconds"] < other.milliseconds
        return found[self._counted] < other.size(self.budget)

    @property
    def _counted(self) -> str:
        return "file_bytes" if self.budget.size_of == "file" else "gzip_bytes"

    def _of(self, treatment: Treatment, kind: str) -> dict[str, Any]:
        name = f"{treatment.name}-{kind}"
        known = self.workshop.store.get("sizes", name)
        needs_time = self.budget.concerns_latency
        if known is None or ("failed" not in known and needs_time and not known["milliseconds"]):
            try:
                known = self._measured(treatment, kind, needs_time)
            except (ExportError, MismatchError) as error:
                known = {"failed": str(error)}
            self.workshop.store.put("sizes", name, known)
        return known

    def _measured(self, treatment: Treatment, kind: str, needs_time: bool) -> dict[str, Any]:
        with (
            tempfile.TemporaryDirectory(prefix="tfticket_") as folder,
            self.workshop.treated(treatment, self.channels) as (network, _),
        ):
            path = Path(folder) / "untrained.tflite"
            source = self.workshop.source(network)
            self.workshop.write(source, treatment, kind, path, verify=False)
            data = path.read_bytes()
            return {
                "file_bytes": len(data),
                "gzip_bytes": gzip_size(data),
                "milliseconds": self.stopwatch.time(path)[0].p50_ms if needs_time else None,
            }
