"""What following a network finds out, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from tfticket.graph.channel_sets import ChannelSets

__all__ = [
    "Axis",
    "Fold",
    "MeanSquare",
    "Place",
    "Record",
    "Resize",
    "Use",
    "Work",
    "weighted",
]

Role = Literal["out", "along", "in"]


def weighted(constants: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Returns `constants @ sums` in float64, looking only at rows that count.

    Args:
        constants: `[in]`, most of them usually 0.
        sums: `[in, out]`.
    """
    rows = np.flatnonzero(constants)
    return constants[rows] @ sums[rows].astype(np.float64)


@dataclass(frozen=True, eq=False)
class Axis:
    """The channels along one axis of a weight.

    Args:
        channels: the channels, `[length of the axis]`.
        role: `"out"` where the weight makes them, `"in"` where it sums over them, `"along"` where
            it acts on each by itself, as biases and normalisations do.
    """

    channels: np.ndarray
    role: Role


@dataclass(frozen=True, eq=False)
class Fold:
    """How a layer takes up a constant input: `bias += constants @ sums`.

    Args:
        path: of the bias.
        sums: the weights summed over positions, `[in, out]`.
        row: which row of the bias, where it has several.
        is_new: whether the layer has no bias yet.
    """

    path: str
    sums: np.ndarray
    row: int | None = None
    is_new: bool = False


@dataclass(frozen=True, eq=False)
class Use:
    """A weight summing over channels in one call.

    Args:
        layer: path of the layer, for messages.
        path: path of the weight.
        channels: the channels it sums over, `[in]`.
        constants: their values, `[in]`, NaN where they vary.
        outputs: the channels it makes, `[out]`.
        support: which of `[in, out]` have a weight that is not masked; `None` for all.
        is_uniform: whether every position sees the same sum; not so where zeros are padded.
        fold: how constants are taken up; `None` if they cannot be.
    """

    layer: str
    path: str
    channels: np.ndarray
    constants: np.ndarray
    outputs: np.ndarray
    support: np.ndarray | None
    is_uniform: bool = True
    fold: Fold | None = None


@dataclass(frozen=True)
class Resize:
    """A number in a layer's configuration that counts channels.

    Args:
        layer: path of the layer.
        keys: its names in the configuration, of which one is there.
        index: its place, where the value is a list.
        end: `"start"` or `"stop"`, where what stands there is a slice.
    """

    layer: str
    keys: tuple[str, ...]
    index: int | None = None
    end: str | None = None


@dataclass(frozen=True, eq=False)
class MeanSquare:
    """A division by the root of the mean square over channels.

    A channel that is 0 counts in the mean and in nothing else: with `kept` of `n` channels, the
    results are the same for `epsilon · n / kept` and `scale · √(n / kept)`.

    Args:
        layer: path of the layer.
        scale: path of the weight that its results are multiplied with.
        channels: the channels it is taken over.
        epsilon: what is added to the mean.
    """

    layer: str
    scale: str
    channels: np.ndarray
    epsilon: float


@dataclass(frozen=True)
class Work:
    """Multiply-adds of one call.

    Args:
        layer: path of the layer.
        path: path of the weight each of whose entries is used; empty for products of activations.
        count: how often each entry is used per example, or how many products there are.
    """

    layer: str
    path: str
    count: int


@dataclass(frozen=True)
class Place:
    """How much of a network had been recorded at some time.

    Args:
        num_axes: entries of `Record.axes`.
        num_uses: of `Record.uses`.
        num_resizes: of `Record.resizes`.
        num_work: of `Record.work`.
    """

    num_axes: int
    num_uses: int
    num_resizes: int
    num_work: int


@dataclass
class Record:
    """All that is found out about a network.

    Attributes:
        channel_sets: the channels, and which are tied.
        axes: the channels along the axes of the weights, by weight path and axis from the end.
        uses: where channels are summed over.
        resizes: the channels that configuration entries count.
        pieces: channels of which one has to stay, with the path of the layer that takes them.
        means: the mean squares over channels.
        work: multiply-adds.
        refused: why a layer was not followed, by its path.
        opaque: paths of layers of which nothing is known in some call.
    """

    channel_sets: ChannelSets = field(default_factory=ChannelSets)
    axes: dict[tuple[str, int], Axis] = field(default_factory=dict)
    uses: list[Use] = field(default_factory=list)
    resizes: dict[Resize, np.ndarray] = field(default_factory=dict)
    pieces: list[tuple[str, np.ndarray]] = field(default_factory=list)
    means: list[MeanSquare] = field(default_factory=list)
    work: list[Work] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    opaque: set[str] = field(default_factory=set)

    def mark(self, path: str, axis: int, channels: np.ndarray, role: Role) -> None:
        """Says which channels lie along an axis of a weight; ties them to what was said before.

        Args:
            path: of the weight.
            axis: counted from the end.
            channels: one per entry of the axis.
            role: as in `Axis`.
        """
        known = self.axes.setdefault((path, axis), Axis(np.asarray(channels), role))
        if known.channels is not channels:
            self.channel_sets.tie(known.channels, channels)

    def made(self, path: str, axis: int, count: int) -> np.ndarray:
        """Returns the channels that a weight makes along an axis, the same in every call.

        Args:
            path: of the weight.
            axis: counted from the end.
            count: how many there are.
        """
        if (path, axis) not in self.axes:
            self.axes[path, axis] = Axis(self.channel_sets.fresh(count), "out")
        return self.axes[path, axis].channels

    def makers(self, classes: np.ndarray) -> dict[tuple[str, ...], list[int]]:
        """Divides all channels by the weights that make them.

        Args:
            classes: as `ChannelSets.classes` returns them.

        Returns:
            `{paths of the weights: numbers of the channels}`, in the order of the model.
        """
        paths: dict[int, list[str]] = {}
        for (path, _), axis in self.axes.items():
            if axis.role == "out":
                for one in dict.fromkeys(classes[axis.channels].tolist()):
                    paths.setdefault(one, []).append(path)
        found: dict[tuple[str, ...], list[int]] = {}
        for one, own in paths.items():
            found.setdefault(tuple(own), []).append(one)
        return found

    def refuse(self, layer: str, reason: str, *channels: np.ndarray) -> None:
        """Keeps channels that a layer gets, because it was not followed.

        Args:
            layer: its path.
            reason: why not.
            *channels: what stays because of that.
        """
        self.refused.setdefault(layer, reason)
        for kept in channels:
            self.channel_sets.pin(kept, f"{layer}: {reason}")

    def place(self) -> Place:
        """Returns a mark of how much has been recorded, for `go_back`."""
        return Place(len(self.axes), len(self.uses), len(self.resizes), len(self.work))

    def go_back(self, place: Place) -> None:
        """Forgets what was recorded after a `place`; the rest remains, being harmless."""
        self.axes = dict(list(self.axes.items())[: place.num_axes])
        self.resizes = dict(list(self.resizes.items())[: place.num_resizes])
        del self.uses[place.num_uses :], self.work[place.num_work :]
