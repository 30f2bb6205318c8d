"""Which channels are one and the same: a union of sets over numbered channels."""

from __future__ import annotations

import numpy as np

__all__ = ["ChannelSets"]


class ChannelSets:
    """Numbers every channel that a network makes, and ties those that live and die together.

    >>> sets = ChannelSets()
    >>> first, second = sets.fresh(2), sets.fresh(2)
    >>> sets.tie(first, second)
    >>> sets.classes().tolist()
    [0, 1, 0, 1]
    """

    def __init__(self) -> None:
        self._count = 0
        self._pairs: list[tuple[np.ndarray, np.ndarray]] = []
        self._pins: list[tuple[np.ndarray, str]] = []

    def fresh(self, count: int) -> np.ndarray:
        """Returns `count` new channels, tied to nothing."""
        made = np.arange(self._count, self._count + count)
        self._count += count
        return made

    def tie(self, first: np.ndarray, second: np.ndarray) -> None:
        """Makes channels the same, pair by pair.

        Args:
            first: channels, of any shape.
            second: channels that broadcast against `first`.
        """
        pair = np.broadcast_arrays(first, second)
        self._pairs.append((pair[0].ravel(), pair[1].ravel()))

    def pin(self, channels: np.ndarray, reason: str, *, is_chief: bool = False) -> None:
        """Says that channels stay.

        Args:
            channels: which ones.
            reason: why; of several, the first counts.
            is_chief: whether this reason counts before all others.
        """
        self._pins.insert(0 if is_chief else len(self._pins), (channels.ravel(), reason))

    def classes(self) -> np.ndarray:
        """Returns for every channel the lowest-numbered one that it is tied to."""
        parent = np.arange(self._count)
        if not self._pairs:
            return parent
        first, second = (np.concatenate(side) for side in zip(*self._pairs, strict=True))
        while True:
            before = parent.copy()
            lowest = np.minimum(parent[first], parent[second])
            np.minimum.at(parent, before[first], lowest)
            np.minimum.at(parent, before[second], lowest)
            while not np.array_equal(parent, parent[parent]):
                parent = parent[parent]
            if np.array_equal(parent, before):
                return parent

    def pinned(self) -> dict[int, str]:
        """Returns why a class stays, by the number that `classes` gives it."""
        classes, found = self.classes(), {}
        for channels, reason in self._pins:
            for one in np.unique(classes[channels]).tolist():
                found.setdefault(one, reason)
        return found
