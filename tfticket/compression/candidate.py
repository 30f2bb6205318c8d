"""One file that was written and measured, and how far it is from what was asked for."""

from __future__ import annotations

from dataclasses import dataclass

from tfticket.compression.budget import Budget
from tfticket.compression.treatment import Treatment
from tfticket.files import Plain

#: Differences of two numbers are exact to about this, relatively.
ROUNDING = 1e-9

__all__ = ["Candidate", "Spread", "best", "excess", "figure", "fits", "front", "nearest"]


@dataclass(frozen=True)
class Spread:
    """How long a call took, in milliseconds, over many of them.

    Args:
        p10_ms: one tenth were at least as fast.
        p50_ms: the median: half of them were.
        p90_ms: all but one tenth were.

    Example:
        >>> print(Spread(0.8, 1.0, 1.5))
        1 [0.8, 1.5]
    """

    p10_ms: float
    p50_ms: float
    p90_ms: float

    def __str__(self) -> str:
        outer = f"[{self.p10_ms:.3g}, {self.p90_ms:.3g}]"
        return f"{self.p50_ms:.3g} {outer}"


@dataclass(frozen=True)
class Candidate(Plain):
    """A file that was written, verified and measured.

    Args:
        treatment: what was done to the network.
        weights: the type of its weights: `"float32"`, `"float16"`, `"dynamic"` or `"int8"`.
        path: of the file, in the folder of the search.
        layout: `"dense"`, `"storage"` or `"compute"`.
        metric: of the file, on validation data.
        drop: how much worse than the dense model that is; negative if better.
        file_bytes: its size.
        gzip_bytes: the same after `gzip -9`.
        latency: of one call; `None` where a function of one's own was not asked for it.
        flops: of one example, masked weights not counted; `None` where they are not known.
    """

    treatment: Treatment
    weights: str
    path: str
    layout: str
    metric: float
    drop: float
    file_bytes: int
    gzip_bytes: int
    latency: Spread | None
    flops: int | None

    def size(self, budget: Budget) -> int:
        """Returns its size as a budget counts it."""
        return self.file_bytes if budget.size_of == "file" else self.gzip_bytes

    @property
    def milliseconds(self) -> float:
        """The median of its times; infinity if it was not timed."""
        return float("inf") if self.latency is None else self.latency.p50_ms

    @property
    def name(self) -> str:
        """What was done, and the type of the weights."""
        return f"{self.treatment}, {self.weights}"


def figure(value: float, sign: str = "") -> str:
    """Writes a metric or a drop: four places, and four digits of what would be nothing in them.

    >>> figure(0.9), figure(0.01, "+"), figure(2e-6)
    ('0.9000', '+0.0100', '2e-06')

    Args:
        value: the number.
        sign: `"+"` for a sign in front of what is not negative.
    """
    return format(value, f"{sign}.4g" if 0 < abs(value) < 0.001 else f"{sign}.4f")


def excess(candidate: Candidate, budget: Budget, scale: float) -> dict[str, float]:
    """Says by how much limits are exceeded, as a fraction of each.

    Args:
        candidate: the file.
        budget: the limits.
        scale: magnitude of the dense model's metric, against which drops are seen where none is
            allowed.

    Returns:
        By limit, `"max_drop"` for instance, of those that are exceeded alone.
    """
    over: dict[str, float] = {}
    if budget.max_drop is not None:
        # where none is allowed, a drop counts against a hundredth of the metric
        unit = max(budget.max_drop, 0.01 * scale, 1e-12)
        over["max_drop"] = (candidate.drop - budget.max_drop) / unit
    if budget.bytes is not None:
        over["max_bytes"] = candidate.size(budget) / budget.bytes - 1
    if budget.milliseconds is not None:
        over["max_latency"] = candidate.milliseconds / budget.milliseconds - 1
    return {name: value for name, value in over.items() if not value <= ROUNDING}


def fits(candidate: Candidate, budget: Budget) -> bool:
    """Whether no limit is exceeded.

    Args:
        candidate: the file.
        budget: the limits.
    """
    return not excess(candidate, budget, 1.0)


def best(candidates: list[Candidate], budget: Budget) -> Candidate | None:
    """Returns the best by the budget's goal of those that fit it, if any does.

    Args:
        candidates: of which one is to be chosen.
        budget: limits and goal; what is equal by the goal is chosen by the drop, then by bytes.
    """
    fitting = [c for c in candidates if fits(c, budget)]

    def order(candidate: Candidate) -> tuple:
        size = candidate.size(budget)
        by_goal = {"bytes": size, "latency": candidate.milliseconds, "metric": candidate.drop}
        return by_goal[budget.aim], candidate.drop, size, candidate.path

    return min(fitting, key=order, default=None)


def nearest(candidates: list[Candidate], budget: Budget, scale: float) -> Candidate:
    """Returns the one whose worst excess is the least.

    Args:
        candidates: at least one.
        budget: the limits.
        scale: as for `excess`.
    """

    def order(candidate: Candidate) -> tuple:
        over = excess(candidate, budget, scale).values()
        return max(over, default=0.0), sum(over), candidate.path

    return min(candidates, key=order)


def front(candidates: list[Candidate], budget: Budget) -> list[Candidate]:
    """Returns those that no other is better than: in drop, size and time where that is concerned.

    Args:
        candidates: any.
        budget: says how size is counted, and whether time matters.
    """

    def values(candidate: Candidate) -> tuple[float, ...]:
        time = (candidate.milliseconds,) if budget.concerns_latency else ()
        return candidate.drop, candidate.size(budget), *time

    def is_better(one: Candidate, other: Candidate) -> bool:
        pairs = list(zip(values(one), values(other), strict=True))
        return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)

    kept = [c for c in candidates if not any(is_better(other, c) for other in candidates)]
    return sorted(kept, key=lambda c: (c.size(budget), c.milliseconds, c.path))
