"""Bisects how much of a network is taken away, one kind after the other, towards a budget."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tfticket.compression.budget import Budget
from tfticket.compression.candidate import Candidate, fits
from tfticket.compression.networks import blockwise
from tfticket.compression.timing import Stopwatch
from tfticket.compression.treatment import DENSE, Treatment
from tfticket.compression.workshop import Channels, Workshop
from tfticket.progress import duration
from tfticket.tflite.sizes import gzip_size

__all__ = ["BLOCK", "Search"]

#: Inputs of one output that the runtime's kernel for sparse Dense layers skips together.
BLOCK = "4x1"
#: What is tried of the cost of channels, and of single weights or blocks: the steps of a bisection.
_CHANNELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95)
_WEIGHTS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99)
#: A trained network that loses this many times what it may is not worth its files.
_HOPELESS = 1.5

Make = Callable[[float], Treatment]


@dataclass
class Search:
    """One search for a file.

    Args:
        workshop: makes networks and files.
        channels: of the model; `None` if none can go.
        stopwatch: times files.
        budget: what is asked for.
        on_event: is given a text, how many trainings are done, and how many there are at most.
        candidates: every file so far.
        notes: what has to be said of them.
    """

    workshop: Workshop
    channels: Channels | None
    stopwatch: Stopwatch
    budget: Budget
    on_event: Callable[[str, int, int], None] | None = None
    candidates: list[Candidate] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _visited: dict[str, list[Candidate]] = field(default_factory=dict)
    _num_trained: int = 0
    _begun: float = field(default_factory=time.monotonic)

    def run(self) -> Search:
        """Tries the whole network in every type, then channels, weights, blocks, and both."""
        self.visit(DENSE)
        alone: list[tuple[Make, Sequence[float], int]] = []
        if self.channels is not None:
            ladder = tuple(a for a in _CHANNELS if a <= self.channels.allocation.most)
            self._bisect(lambda a: Treatment(channels=a, cost=self.budget.cost), ladder, alone)
        if self.budget.concerns_bytes and self.workshop.kinds(Treatment(sparsity=0.5)):
            self._bisect(lambda a: Treatment(sparsity=a), _WEIGHTS, alone)
        if self.budget.concerns_latency and self._has_blocks():
            self._bisect(lambda a: Treatment(sparsity=a, granularity=BLOCK), _WEIGHTS, alone)
        is_found = self.budget.aim == "metric" and any(
            fits(c, self.budget) for c in self.candidates
        )
        if self.channels is not None and alone and alone[0][2] >= 0 and not is_found:
            make, ladder, rung = alone[0]
            for other, others, own in alone[1:]:
                self._combine(make(ladder[rung]), make(ladder[rung // 2]), other, others, own)
        return self

    def visit(self, treatment: Treatment) -> list[Candidate] | None:
        """Trains a network, unless it is hopeless writes its files, and measures them.

        Args:
            treatment: what is done to it.

        Returns:
            Its files, perhaps none; `None` if no further network may be trained.
        """
        if treatment.name in self._visited:
            return self._visited[treatment.name]
        if not treatment.is_dense:
            if not self._may_train():
                return None
            self._say(f"training: {treatment}")
            self._num_trained += 1
            metric = self.workshop.network(treatment, self.channels)
            reason = self._hopeless(metric)
            if reason:
                self.notes.append(f"{treatment}: {reason}, no file was written")
                self._visited[treatment.name] = []
                return []
        self._say(f"files: {treatment}")
        found = self.workshop.files(treatment, self.channels, self.stopwatch)
        for kind in self.workshop.kinds(treatment):
            known = self.workshop.store.get("files", f"{treatment.name}-{kind}")
            if known and "failed" in known:
                self.notes.append(f"{treatment}, {kind}: {known['failed']}")
        self._visited[treatment.name] = found
        self.candidates += found
        return found

    def _has_blocks(self) -> bool:
        kinds = self.workshop.kinds(Treatment(sparsity=0.5, granularity=BLOCK))
        return bool(kinds and blockwise(self.workshop.model, BLOCK))

    def _may_train(self) -> bool:
        choices = self.workshop.choices
        minutes = (time.monotonic() - self._begun) / 60
        reason = ""
        if self._num_trained >= choices.max_trainings:
            reason = f"{choices.max_trainings} trainings, `max_trainings`, were spent"
        elif choices.max_minutes is not None and minutes > choices.max_minutes:
            reason = f"{choices.max_minutes:g} minutes, `max_minutes`, were spent"
        if reason and f"the search ended early: {reason}" not in self.notes:
            self.notes.append(f"the search ended early: {reason}")
        return not reason

    def _hopeless(self, metric: float) -> str:
        """Why a trained network is given up; empty if it is not."""
        if math.isnan(metric):
            return "its weights are not finite after training"
        drop, most = self.workshop.drop(metric), self.budget.max_drop
        if most is not None and drop > _HOPELESS * most + 1e-12:
            return f"the trained network loses {drop:.4g}, more than a file may"
        return ""

    def _bisect(self, make: Make, ladder: Sequence[float], ended: list) -> None:
        """Finds the largest rung that loses no more than allowed, from the first that fits on.

        Where the metric is what counts, it is the first rung that fits, as far as sizes show it.
        """
        if not ladder:
            return
        low, high = -1, len(ladder)
        first = self._first_that_fits(make, ladder)
        if self.budget.aim == "metric" or self.budget.max_drop is None:
            found = self.visit(make(ladder[first]))
            if found and not any(fits(c, self.budget) for c in found) and first + 1 < len(ladder):
                self.visit(make(ladder[first + 1]))  # smaller than it looked before training
            if self._passes(found):
                ended.append((make, ladder, first))
                return
            high = first
        probe = first if first < high else (low + high) // 2
        while high - low > 1:
            probe = min(max(probe, low + 1), high - 1)
            found = self.visit(make(ladder[probe]))
            if found is None:
                break
            low, high = (probe, high) if self._passes(found) else (low, probe)
            probe = (low + high) // 2
        ended.append((make, ladder, low))

    def _combine(
        self, removed: Treatment, less: Treatment, other: Make, ladder: Sequence[float], rung: int
    ) -> None:
        """Tries channels together with weights: all of both, then half of one or the other."""
        if rung < 0:
            return
        for channels, own in ((removed, rung), (less, rung), (removed, rung // 2)):
            masked = other(ladder[own])
            found = self.visit(
                replace(channels, sparsity=masked.sparsity, granularity=masked.granularity)
            )
            if found is None or self._passes(found):
                return

    def _passes(self, found: Sequence[Candidate] | None) -> bool:
        most = self.budget.max_drop
        return bool(found) and any(most is None or c.drop <= most for c in found or ())

    def _first_that_fits(self, make: Make, ladder: Sequence[float]) -> int:
        """The least rung of which some file is small and fast enough, whatever it computes.

        Found by bisection over files of networks that are not trained; without a limit of size or
        time, the middle.
        """
        if self.budget.bytes is None and self.budget.milliseconds is None:
            return len(ladder) // 2
        low, high = -1, len(ladder) - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._would_fit(make(ladder[middle])) else (middle, high)
        return high

    def _would_fit(self, treatment: Treatment) -> bool:
        return any(self._size_fits(size) for size in self._sizes(treatment))

    def _size_fits(self, size: dict) -> bool:
        number = size["file_bytes" if self.budget.size_of == "file" else "gzip_bytes"]
        fits_size = self.budget.bytes is None or number <= self.budget.bytes
        limit = self.budget.milliseconds
        return fits_size and (limit is None or size["milliseconds"] <= limit)

    def _sizes(self, treatment: Treatment) -> list[dict]:
        """Size and time of every type of file of a network that is not trained."""
        known = self.workshop.store.get("sizes", treatment.name)
        if known is not None:
            return known
        self._say(f"sizes: {treatment}")
        found = []
        with (
            tempfile.TemporaryDirectory(prefix="tfticket_") as folder,
            self.workshop.treated(treatment, self.channels) as (network, _),
        ):
            paths = []
            for kind in self.workshop.kinds(treatment):
                paths.append(Path(folder) / f"{kind}.tflite")
                self.workshop.write(network, treatment, kind, paths[-1], verify=False)
            needs_time = self.budget.milliseconds is not None
            times = self.stopwatch.time(*paths) if needs_time else [None] * len(paths)
            for path, spread in zip(paths, times, strict=True):
                data = path.read_bytes()
                size = {"file_bytes": len(data), "gzip_bytes": gzip_size(data)}
                found.append({**size, "milliseconds": spread and spread.p50_ms})
        self.workshop.store.put("sizes", treatment.name, found)
        return found

    def _say(self, text: str) -> None:
        if self.on_event is not None:
            networks = self.workshop.store.record.get("networks", {}).values()
            mean = sum(n["seconds"] for n in networks) / max(len(networks), 1)
            most = self.workshop.choices.max_trainings
            left = duration(mean * max(most - self._num_trained, 0))
            rest = f"; at most {left} of training left" if networks else ""
            self.on_event(f"{text}{rest}", self._num_trained, most)
