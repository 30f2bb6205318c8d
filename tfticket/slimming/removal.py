"""Which channels a masked network can do without, and what of them must be folded elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from tfticket.graph import Record, Resize, Use, weighted

__all__ = ["Removal", "plan"]


@dataclass(frozen=True, eq=False)
class Removal:
    """What stays of a network.

    Args:
        record: what is known of the network.
        kept: whether a channel stays, by its number.
        uses: where channels are summed over, one entry per weight.
        inexact: the largest constant of removed channels that meets zero padding, by layer.
        blocked: why a channel stays though it is constant, by its number.
        silenced: layers all of whose channels are masked, of which one stays.
    """

    record: Record
    kept: np.ndarray
    uses: list[Use]
    inexact: Mapping[str, float] = field(default_factory=dict)
    blocked: Mapping[int, str] = field(default_factory=dict)
    silenced: tuple[str, ...] = ()

    def positions(self, channels: np.ndarray) -> np.ndarray:
        """Returns the places along an axis that stay, given the `channels` along it."""
        return np.flatnonzero(self.kept[channels])

    def slices(self, path: str, shape: tuple[int, ...]) -> tuple[np.ndarray, ...]:
        """Returns the places that stay along every axis of a weight.

        Args:
            path: of the weight.
            shape: of the weight.
        """
        found = []
        for axis, length in enumerate(shape):
            known = self.record.axes.get((path, axis - len(shape)))
            if known is None or known.channels.size != length:  # an axis of length 1 is shared
                found.append(np.arange(length))
            else:
                found.append(self.positions(known.channels))
        return tuple(found)

    def numbers(self) -> dict[Resize, float]:
        """Returns what is to be written into configurations: numbers of channels, epsilons."""
        found = {r: self.positions(channels).size for r, channels in self.record.resizes.items()}
        factors = self.factors()
        epsilons = {Resize(m.layer, ("epsilon",)): m for m in self.record.means}
        return {**found, **{r: m.epsilon * factors[m.scale] ** 2 for r, m in epsilons.items()}}

    def factors(self) -> dict[str, float]:
        """Returns by what scales grow that follow a mean square, by path."""
        counts = {m.scale: (m.channels.size, m.channels) for m in self.record.means}
        return {p: float(n / self.positions(c).size) ** 0.5 for p, (n, c) in counts.items()}

    def folded(self, use: Use) -> np.ndarray:
        """Returns what the removal of a constant adds to a layer's outputs, `[out]`."""
        assert use.fold is not None
        gone = ~self.kept[use.channels] & np.isfinite(use.constants)
        return weighted(np.where(gone, use.constants, 0), use.fold.sums)


def plan(record: Record, *, allow_inexact: bool = False) -> Removal:
    """Finds every channel that can go: nobody needs it, or it is constant and can be folded.

    A channel is needed where a weight that is not masked leads from it to a channel that is
    needed, from the outputs backwards. A constant is not needed where a bias can take it up.

    Args:
        record: of the network with its weights and masks.
        allow_inexact: whether constants other than 0 may be folded where zero padding makes them
            differ at the border.

    Returns:
        A `Removal` that leaves every layer at least one channel.
    """
    classes = record.channel_sets.classes()
    needed = np.zeros(classes.size, np.bool_)
    needed[list(record.channel_sets.pinned())] = True
    uses = _combined(record.uses)
    parts = [(p[0].rpartition("/")[0], own) for p, own in record.makers(classes).items()]
    parts += [(layer, classes[own].tolist()) for layer, own in record.pieces]
    blocked: dict[int, str] = {}
    silenced: list[str] = []
    while True:
        _spread(needed, uses, classes, allow_inexact, blocked)
        empty = [(layer, own) for layer, own in parts if not needed[own].any()]
        if not empty:
            break
        for layer, own in empty:
            silenced.append(layer)
            needed[own[0]] = True
    kept = needed[classes]
    inexact = {u.layer: m for u in uses if (m := _border(u, kept)) > 0}
    return Removal(record, kept, uses, inexact, blocked, tuple(silenced))


def _combined(uses: list[Use]) -> list[Use]:
    """Joins the calls of a shared layer: its one bias can take up only what all of them agree on.

    The last uses come first, because need spreads from the outputs backwards.
    """
    found: dict[str, Use] = {}
    for use in reversed(uses):
        known = found.get(use.path)
        if known is not None:
            same = known.constants == use.constants
            constants = np.where(same, use.constants, np.nan)
            is_uniform = known.is_uniform and use.is_uniform
            use = replace(known, constants=constants, is_uniform=is_uniform)
        found[use.path] = use
    return list(found.values())


def _spread(
    needed: np.ndarray,
    uses: list[Use],
    classes: np.ndarray,
    allow_inexact: bool,
    blocked: dict[int, str],
) -> None:
    """Marks in place whatever is needed for what is needed already."""
    seen: dict[int, np.ndarray] = {}
    while True:
        before = needed.sum()
        for number, use in enumerate(uses):
            outputs = needed[classes[use.outputs]]
            if number in seen and np.array_equal(seen[number], outputs):
                continue
            seen[number] = outputs
            leads = _leads(use, outputs)
            reason = _obstacle(use, allow_inexact)
            stay = leads & (reason != "")
            for one, why in zip(classes[use.channels[stay]], reason[stay], strict=True):
                if why != "it varies":
                    blocked.setdefault(int(one), f"{use.layer}: {why}")
            needed[classes[use.channels[stay]]] = True
        if needed.sum() == before:
            return


def _leads(use: Use, outputs: np.ndarray) -> np.ndarray:
    """Whether a weight that is kept leads from a channel to one that is needed."""
    if use.support is None:
        return np.full(use.channels.size, outputs.any())
    return np.asarray(use.support[:, outputs].any(1))


def _obstacle(use: Use, allow_inexact: bool) -> np.ndarray:
    """Why a channel that leads somewhere cannot go; empty where it can."""
    reason = np.full(use.channels.size, "", dtype=object)
    reason[~np.isfinite(use.constants)] = "it varies"
    constant = np.isfinite(use.constants) & (use.constants != 0)
    if use.fold is None:
        reason[constant] = "there is no bias to fold its constant into"
    elif not use.is_uniform and not allow_inexact:
        reason[constant] = "its constant meets zero padding"
    return reason


def _border(use: Use, kept: np.ndarray) -> float:
    """The largest constant that is folded though it differs at the border."""
    if use.is_uniform or use.fold is None:
        return 0.0
    gone = ~kept[use.channels] & np.isfinite(use.constants)
    gone &= _leads(use, kept[use.outputs])
    return float(np.abs(use.constants[gone]).max(initial=0))
