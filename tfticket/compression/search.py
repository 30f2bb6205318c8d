"""Bisects how much of a network is taken away, one kind after the other, towards a budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from tfticket.compression.budget import Budget
from tfticket.compression.candidate import ROUNDING, Candidate, best, fits
from tfticket.compression.networks import blockwise
from tfticket.compression.sizes import Sizes
from tfticket.compression.timing import Stopwatch
from tfticket.compression.treatment import DENSE, Treatment
from tfticket.compression.workshop import Channels, Workshop
from tfticket.progress import duration

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
        notes: what has to be said.
        stopwatch: times files.
        budget: what is asked for.
        on_event: is given a text, how many trainings are done, and how many there are at most.
        candidates: every file so far.
    """

    workshop: Workshop
    channels: Channels | None
    notes: list[str]
    stopwatch: Stopwatch
    budget: Budget
    on_event: Callable[[str, int, int], None] | None = None
    candidates: list[Candidate] = field(default_factory=list)
    _visited: dict[str, list[Candidate]] = field(default_factory=dict)
    _num_tried: int = 0
    _begun: float = field(default_factory=time.monotonic)

    def run(self) -> Search:
        """Tries the whole network in every type, then channels, weights, blocks, and both.

        What earlier calls with other budgets have measured is among the candidates at the end.
        """
        self.visit(DENSE)
        if not self._is_best_already():
            self._take_away()
        seen = {c.path for c in self.candidates}
        self.candidates += [c for c in self.workshop.measured() if c.path not in seen]
        return self

    def _take_away(self) -> None:
        found = {name: self._bisected(*axis) for name, axis in self._axes().items()}
        removed = found.pop("channels", [])
        if removed and not self._is_best_already():
            for masked in found.values():
                self._combine(removed, masked)

    def visit(self, treatment: Treatment) -> list[Candidate] | None:
        """Trains a network, unless it is hopeless writes its files, and measures them.

        Args:
            treatment: what is done to it.

        Returns:
            Its files, perhaps none; `None` if no further network may be tried.
        """
        if treatment.name in self._visited:
            return self._visited[treatment.name]
        if not treatment.is_dense:
            if not self._may_train():
                return None
            self._say(f"network: {treatment}")
            self._num_tried += 1
            reason = self._hopeless(self.workshop.network(treatment, self.channels))
            if reason:
                self.notes.append(f"{treatment}: {reason}; no file was written")
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

    def _axes(self) -> dict[str, tuple[Make, Sequence[float]]]:
        """What amounts of what are tried."""
        axes: dict[str, tuple[Make, Sequence[float]]] = {}
        workshop, budget = self.workshop, self.budget
        if self.channels is not None:
            reached = (a for a in _CHANNELS if a <= self.channels.allocation.most)
            stages = sorted({self.channels.allocation.at(a).removed for a in reached})
            axes["channels"] = (lambda a: Treatment(channels=a, cost=budget.cost), stages)
        if budget.concerns_bytes and workshop.kinds(Treatment(sparsity=0.5)):
            axes["weights"] = (lambda a: Treatment(sparsity=a), _WEIGHTS)
        blocks = Treatment(sparsity=0.5, granularity=BLOCK)
        if budget.concerns_latency and workshop.kinds(blocks) and blockwise(workshop.model, BLOCK):
            axes["blocks"] = (lambda a: replace(blocks, sparsity=a), _WEIGHTS)
        return axes

    def _is_best_already(self) -> bool:
        """Whether what counts is the metric, and a file that fits loses nothing."""
        found = best(self.candidates, self.budget)
        return self.budget.aim == "metric" and found is not None and found.drop <= ROUNDING

    def _may_train(self) -> bool:
        choices = self.workshop.choices
        minutes = (time.monotonic() - self._begun) / 60
        reason = ""
        if self._num_tried >= choices.max_trainings:
            reason = f"{choices.max_trainings} networks, `max_trainings`, were tried"
        elif choices.max_minutes is not None and minutes > choices.max_minutes:
            reason = f"{choices.max_minutes:g} minutes, `max_minutes`, were spent"
        if reason and f"the search ended early: {reason}" not in self.notes:
            self.notes.append(f"the search ended early: {reason}")
        return not reason

    def _hopeless(self, network: dict) -> str:
        """Why a trained network is given up; empty if it is not."""
        if network["metric"] is None:
            return network["reason"]
        drop, most = self.workshop.drop(network["metric"]), self.budget.max_drop
        if most is not None and drop > _HOPELESS * most + ROUNDING:
            return f"the trained network loses {drop:.4g}, more than a file may"
        return ""

    def _bisected(self, make: Make, ladder: Sequence[float]) -> list[Treatment]:
        """Finds how far each type of weights can go; returns what passed, the most at last.

        The best types come first: what was trained for them serves the others, which go no further
        where they cannot be better than the best file there is.
        """
        if not ladder or not self.workshop.choices.max_trainings:
            return []
        whole = {c.weights: c for c in self._of(DENSE)}
        kinds = [kind for kind in self.workshop.kinds(make(ladder[0])) if kind in whole]
        is_time = self.budget.aim == "latency"
        cost = {k: c.milliseconds if is_time else c.size(self.budget) for k, c in whole.items()}
        for place, kind in enumerate(sorted(kinds, key=lambda kind: cost[kind])):
            self._bisect(make, ladder, kind, is_first=place == 0)
        made = [make(amount) for amount in ladder]
        return [one for one in made if any(self._passes(one, c.weights) for c in self._of(one))]

    def _bisect(self, make: Make, ladder: Sequence[float], kind: str, *, is_first: bool) -> None:
        """Finds the largest rung that loses no more than is allowed, of those that fit.

        Where the metric is what counts, that is the first rung that fits. Where nothing fits, the
        first type goes down again, to what comes nearest.
        """
        made = [make(amount) for amount in ladder]
        known = [n for n, one in enumerate(made) if one.name in self._visited]
        high = min((n for n in known if not self._passes(made[n], kind)), default=len(ladder))
        low, probe = -1, self._sizes.first_that_fits(made, kind)
        while high - low > 1:
            probe = min(probe, high - 1)
            one = made[probe]
            is_known = one.name in self._visited
            if not is_known and not self._may_be_best(one, kind, is_first=is_first):
                low = probe  # it would have to be smaller
            elif self.visit(one) is None:
                return
            elif self._passes(one, kind):
                own = [c for c in self._of(one) if c.weights == kind]
                if self.budget.aim == "metric" and any(fits(c, self.budget) for c in own):
                    return
                low = probe
            else:
                high = probe
            probe = (low + high) // 2

    def _combine(self, removed: list[Treatment], masked: list[Treatment]) -> None:
        """Tries channels together with weights: all of both, then half of one or the other."""
        if not masked:
            return
        middle = len(removed) // 2, len(masked) // 2
        pairs = (removed[-1], masked[-1]), (removed[middle[0]], masked[-1])
        for channels, own in (*pairs, (removed[-1], masked[middle[1]])):
            both = replace(channels, sparsity=own.sparsity, granularity=own.granularity)
            found = self.visit(both)
            if found is None or any(self._passes(both, c.weights) for c in found):
                return

    def _of(self, treatment: Treatment) -> list[Candidate]:
        return self._visited.get(treatment.name, [])

    def _passes(self, treatment: Treatment, kind: str) -> bool:
        """Whether the file of a type was made and loses no more than is allowed."""
        most = self.budget.max_drop
        own = [c for c in self._of(treatment) if c.weights == kind]
        return any(most is None or c.drop <= most + ROUNDING for c in own)

    def _may_be_best(self, treatment: Treatment, kind: str, *, is_first: bool) -> bool:
        """Whether a file that loses little would be chosen over the best there is."""
        found = best(self.candidates, self.budget)
        if found is None:
            return is_first or self._sizes.fit(treatment, kind)
        if self.budget.aim == "metric":
            return self._sizes.fit(treatment, kind)
        return self._sizes.is_below(treatment, kind, found)

    @property
    def _sizes(self) -> Sizes:
        return Sizes(self.workshop, self.channels, self.stopwatch, self.budget)

    def _say(self, text: str) -> None:
        if self.on_event is not None:
            networks = self.workshop.store.record.get("networks", {}).values()
            mean = sum(n["seconds"] for n in networks) / max(len(networks), 1)
            most = self.workshop.choices.max_trainings
            left = duration(mean * max(most - self._num_tried, 0))
            rest = f"; at most {left} of training left" if networks else ""
            self.on_event(f"{text}{rest}", self._num_tried, most)
