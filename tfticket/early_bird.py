"""Early-bird tickets: has the mask settled while the network is still being trained?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tfticket.masks import check_same_paths
from tfticket.selection import budget

__all__ = ["EarlyBird", "Observation", "open_fraction"]

Kept = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Observation:
    """One look at the mask.

    Args:
        step: optimizer updates done by then.
        distances: the fraction of the units on which it differs from each mask in the queue
            before it, the oldest first.
        open_fraction: of the units that equal scores leave open, so that their position decided.
        is_decided: whether that is less than epsilon.
    """

    step: int
    distances: tuple[float, ...] = ()
    open_fraction: float = 0.0
    is_decided: bool = True


@dataclass
class EarlyBird:
    """Compares masks drawn during training; the ticket has emerged when they stop changing.

    The last `queue_length` masks are kept in a queue. The ticket has emerged when the queue is full
    and the newest mask differs from each of the others on less than `epsilon` of the units:
    `distance(m_t, m_i) < epsilon` for every i in it. A mask that equal scores leave open, as those
    of a constant scale do, decides nothing: its agreement with the one before is only that of
    positions. It empties the queue.

    Args:
        epsilon: largest distance, a fraction of all units.
        queue_length: number of masks compared, >= 2.

    Raises:
        ValueError: if a number is out of range.

    References:
        You et al. 2020, "Drawing early-bird tickets", section 4.1 and figure 4,
        https://arxiv.org/abs/1909.11957
    """

    epsilon: float = 0.1
    queue_length: int = 5
    observations: list[Observation] = field(default_factory=list, init=False)
    _masks: list[np.ndarray] = field(default_factory=list, init=False, repr=False)
    _queue: list[int] = field(default_factory=list, init=False, repr=False)
    _like: Kept | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if not 0 < self.epsilon < 1:
            raise ValueError(f"`epsilon` must be in (0, 1). Received: epsilon={self.epsilon}")
        if not isinstance(self.queue_length, int) or self.queue_length < 2:
            raise ValueError(
                "`queue_length` must be an integer >= 2: masks are compared."
                f" Received: queue_length={self.queue_length!r}"
            )

    @property
    def has_emerged(self) -> bool:
        """Whether the newest mask settles it."""
        if len(self._queue) < self.queue_length:
            return False
        return max(self.observations[-1].distances) < self.epsilon

    def observe(self, kept: Kept, *, step: int, open_fraction: float = 0.0) -> bool:
        """Looks at a mask.

        Args:
            kept: one boolean per unit, by name; masks, or what `select_channels` returns.
            step: optimizer updates done by now.
            open_fraction: of the units that equal scores leave open.

        Returns:
            `has_emerged`.

        Raises:
            ValueError: if as many units are kept or removed as make any two masks look alike; or
                if the mask has other units than the one before.
        """
        self._check(kept)
        flat = np.concatenate([np.ravel(k) for k in kept.values()])
        is_decided = open_fraction < self.epsilon
        before = [self._unpacked(n, flat.size) for n in self._queue] if is_decided else []
        distances = tuple(float(np.count_nonzero(flat != other)) / flat.size for other in before)
        seen = Observation(step, distances[-(self.queue_length - 1) :], open_fraction, is_decided)
        self._queue = [*self._queue, len(self._masks)][-self.queue_length :] if is_decided else []
        self._masks.append(np.packbits(flat))
        self.observations.append(seen)
        return self.has_emerged

    def distance_matrix(self) -> np.ndarray:
        """Returns the distance of every two masks seen: the picture of the method.

        Returns:
            A symmetric array of [observations, observations], in [0, 1].
        """
        size = sum(np.size(k) for k in (self._like or {}).values())
        masks = [self._unpacked(n, size) for n in range(len(self._masks))]
        found = np.zeros((len(masks), len(masks)))
        for i, one in enumerate(masks):
            for j in range(i):
                found[i, j] = found[j, i] = np.count_nonzero(one != masks[j]) / max(size, 1)
        return found

    def _unpacked(self, number: int, size: int) -> np.ndarray:
        return np.unpackbits(self._masks[number], count=size).astype(np.bool_)

    def _check(self, kept: Kept) -> None:
        if self._like is not None:
            check_same_paths(self._like, kept)
        else:
            self._like = {n: np.zeros(np.shape(k), np.bool_) for n, k in kept.items()}
        total = sum(np.size(k) for k in kept.values())
        count = sum(int(np.count_nonzero(k)) for k in kept.values())
        if 2 * min(count, total - count) < self.epsilon * total:
            raise ValueError(
                "`epsilon` must be at most twice the fraction of units that are kept, and of those"
                " that are removed: otherwise any two masks are that near to each other."
                f" Received: epsilon={self.epsilon}, with {count} of {total} units kept"
            )


def open_fraction(
    scores: Mapping[str, np.ndarray], kept: Kept, scope: Any = "global", sparsity: Any = 0.5
) -> float:
    """Returns how much of a selection equal scores leave open.

    Where the units at the cut have equal scores, their position decides which of them stay. With
    `a` of them kept and `b` removed, another choice differs on up to `2 · min(a, b)` units.

    >>> open_fraction({"a": np.ones(4)}, {"a": np.array([True, True, False, False])})
    1.0
    >>> open_fraction({"a": np.arange(4.0)}, {"a": np.array([False, False, True, True])})
    0.0

    Args:
        scores: of the units by name.
        kept: the selection.
        scope: where they were ranked.
        sparsity: as it was given to the selection.

    Returns:
        A fraction of all units, in [0, 1].
    """
    shapes = {n: np.shape(s) for n, s in scores.items()}
    groups: Sequence[Any] = budget(shapes, sparsity, scope, minimum=1)
    count = sum(_open(_flat(scores, g.paths), _flat(kept, g.paths)) for g in groups)
    return count / max(1, sum(np.size(s) for s in scores.values()))


def _flat(arrays: Mapping[str, np.ndarray], names: Sequence[str]) -> np.ndarray:
    return np.concatenate([np.ravel(arrays[n]) for n in names])


def _open(scores: np.ndarray, marks: np.ndarray) -> int:
    if marks.all():
        return 0
    tied = scores == scores[~marks].max()
    stay = int(np.count_nonzero(tied & marks))
    return 2 * min(stay, int(np.count_nonzero(tied)) - stay)
