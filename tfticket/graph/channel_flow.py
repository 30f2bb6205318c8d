"""What is known of one tensor: which of its axes are channels, and which channels are constant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tfticket.graph.channel_sets import ChannelSets

__all__ = ["ChannelFlow", "unknown"]

_ANY = 2  # stands in for a length that is not known: more than one, so that it is not broadcast


def unknown(count: int) -> np.ndarray:
    """Returns constants that are not known: NaN, `[count]`."""
    return np.full(count, np.nan)


@dataclass(frozen=True, eq=False)
class ChannelFlow:
    """One tensor on its way through a network.

    Args:
        shape: with the batch first; `None` where a length is not known.
        axis: the axis of the channels, counted from the end.
        channels: the channels along it, as `ChannelSets` numbers them.
        constants: the value a channel has for every example and at every position, NaN where it
            varies or is not known.
        border: the same inside a border of zeros, where a layer has just added one.
    """

    shape: tuple[int | None, ...]
    axis: int
    channels: np.ndarray
    constants: np.ndarray
    border: np.ndarray | None = None

    @property
    def rank(self) -> int:
        """Number of axes, the batch included."""
        return len(self.shape)

    def having(self, shape: tuple[int | None, ...], **changes: object) -> ChannelFlow:
        """Returns the same channels in a tensor of another `shape`, with other `changes`."""
        return replace(self, shape=tuple(shape), **{"border": None, **changes})  # type: ignore[arg-type]

    def rearranged(
        self,
        shape: tuple[int | None, ...],
        function: Callable[[np.ndarray], np.ndarray],
        channel_sets: ChannelSets,
    ) -> ChannelFlow:
        """Follows the channels through something that moves values and computes nothing.

        Where the channels end up along several axes, those that lie along all but the longest are
        tied: what is left after their removal must be an array again.

        Args:
            shape: of the result, with the batch first.
            function: does to an array of the shape of one example what happens to the tensor.
            channel_sets: where to tie them.
        """
        moved = function(self._spread(self.channels))
        constants = function(self._spread(self.constants))
        along = [a for a in range(moved.ndim) if (moved != moved.take([0], a)).any()]
        axis = max(along, key=lambda a: (moved.shape[a], a), default=moved.ndim - 1)
        rest = tuple(a for a in range(moved.ndim) if a != axis)
        first = moved.take([0], rest[0]) if rest else moved
        for other in rest[1:]:
            first = first.take([0], other)
        if any(a != axis for a in along):
            channel_sets.tie(np.broadcast_to(first, moved.shape), moved)
        same = constants.min(axis=rest) == constants.max(axis=rest)
        kept = np.where(same, constants.max(axis=rest), np.nan)
        return ChannelFlow(tuple(shape), axis - moved.ndim, first.ravel(), kept)

    def _spread(self, channels: np.ndarray) -> np.ndarray:
        """Lays something per channel out in the shape of one example."""
        lengths = [_ANY if n is None else n for n in self.shape[1:]]
        aligned = [1] * len(lengths)
        aligned[self.axis] = lengths[self.axis] = channels.size
        return np.broadcast_to(channels.reshape(aligned), lengths)
