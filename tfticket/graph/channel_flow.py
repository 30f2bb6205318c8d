"""What is known of one tensor: which of its axes are channels, and which channels are constant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tfticket.graph.channel_sets import ChannelSets

__all__ = ["ChannelFlow", "Lengths", "placed", "unknown"]

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
        moved, constants = (function(self.spread(a)) for a in (self.channels, self.constants))
        return placed(shape, moved, constants, channel_sets)

    def spread(self, channels: np.ndarray) -> np.ndarray:
        """Returns something per channel laid out in the shape of one example.

        Args:
            channels: `[channels]`.
        """
        lengths = [_ANY if n is None else n for n in self.shape[1:]]
        aligned = [1] * len(lengths)
        aligned[self.axis] = lengths[self.axis] = channels.size
        return np.broadcast_to(channels.reshape(aligned), lengths)


@dataclass(frozen=True, eq=False)
class Lengths(ChannelFlow):
    """The lengths of a tensor's axes, as `tf.shape` gives them, or one of them.

    What reads the number of channels off it keeps the tensor's channels, which therefore go with
    it.

    Args:
        read: the axis, counted from the end; `None` for all lengths.
    """

    read: int | None = None


def placed(
    shape: tuple[int | None, ...],
    channels: np.ndarray,
    constants: np.ndarray,
    channel_sets: ChannelSets,
) -> ChannelFlow:
    """Describes a tensor by what lies where in one example.

    Where channels lie along several axes, those that lie along all but the longest are tied.

    Args:
        shape: with the batch first.
        channels: the channel of every value, in the shape of one example.
        constants: their values, NaN where they vary.
        channel_sets: where to tie them.
    """
    along = [a for a in range(channels.ndim) if (channels != channels.take([0], a)).any()]
    axis = max(along, key=lambda a: (channels.shape[a], a), default=channels.ndim - 1)
    rest = tuple(a for a in range(channels.ndim) if a != axis)
    first = channels.take([0], rest[0]) if rest else channels
    for other in rest[1:]:
        first = first.take([0], other)
    if any(a != axis for a in along):
        channel_sets.tie(np.broadcast_to(first, channels.shape), channels)
    same = constants.min(axis=rest) == constants.max(axis=rest)
    kept = np.where(same, constants.max(axis=rest), np.nan)
    return ChannelFlow(tuple(shape), axis - channels.ndim, first.ravel(), kept)
