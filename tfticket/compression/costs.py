"""What the channels of a network cost: in FLOPs, in bytes, or in measured milliseconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tfticket.graph import ChannelGroup, Graph, flops
from tfticket.masks import Masks

__all__ = ["Cost", "Prices", "in_milliseconds"]

Cost = Literal["bytes", "latency"]
#: Of the mean price: what a FLOP costs at least, where a measured saving is lost in the noise.
_LEAST_PRICE = 0.05


@dataclass(frozen=True, eq=False)
class Prices:
    """What one number of each weight costs, in some unit.

    Args:
        units: by weight path: the cost of one of its numbers.
        graph: the channel groups of the network.
    """

    units: Mapping[str, float]
    graph: Graph

    @classmethod
    def of(cls, model: Any, graph: Graph, cost: Cost) -> Prices:
        """Prices weights by the FLOPs they are used for, or all of them alike.

        Args:
            model: a functional or Sequential model.
            graph: its channel groups.
            cost: `"bytes"` for the second, `"latency"` for the first.
        """
        if cost == "bytes":
            return cls(dict.fromkeys(graph.shapes, 1.0), graph)
        return cls(_flop_prices(model, graph), graph)

    def total(self, masks: Mapping[str, np.ndarray]) -> float:
        """Sums the cost of all weights that are kept.

        Args:
            masks: by path; weights without a mask are kept.
        """
        counts = {p: int(np.prod(s)) for p, s in self.graph.shapes.items()}
        counts |= {p: int(np.count_nonzero(m)) for p, m in masks.items()}
        return sum(self.units.get(path, 0.0) * count for path, count in counts.items())

    def of_channels(self, group: ChannelGroup, masks: Masks) -> np.ndarray:
        """Says what every channel of a group costs, of what is kept still.

        Args:
            group: the group.
            masks: what is kept; of weights that two of its sides share, each side counts.
        """
        found = np.zeros(group.num_channels)
        for member in group.members:
            mask = masks.get(member.path)
            if mask is None or not self.units.get(member.path):
                continue
            counts = np.moveaxis(mask, member.axis, 0).reshape(mask.shape[member.axis], -1).sum(1)
            own = member.channels >= 0
            np.add.at(found, member.channels[own], self.units[member.path] * counts[own])
        return found


def _flop_prices(model: Any, graph: Graph) -> dict[str, float]:
    """Prices every weight by the FLOPs of its layer, shared by the numbers of its kernels.

    Args:
        model: a functional or Sequential model.
        graph: its channel groups.
    """
    counted = flops(model).dense
    sizes: dict[str, list[str]] = {}
    for path, shape in graph.shapes.items():
        if len(shape) > 1:  # biases and normalisations are not counted
            sizes.setdefault(path.rpartition("/")[0], []).append(path)
    prices = {}
    for layer, paths in sizes.items():
        total = sum(int(np.prod(graph.shapes[p])) for p in paths)
        prices |= {p: counted.get(layer, 0) / total for p in paths}
    return prices


def in_milliseconds(
    prices: Prices, saved: Mapping[str, float], probes: Mapping[str, Masks]
) -> Prices:
    """Prices FLOPs by the time that a network was measured to save without some of them.

    Args:
        prices: in FLOPs.
        saved: by group: milliseconds that the network was faster without a part of its channels.
        probes: by group: the masks of that network.
    """
    dense = prices.total({})
    rates = {
        name: max(saved[name], 0.0) / max(dense - prices.total(masks), 1e-12)
        for name, masks in probes.items()
    }
    mean = float(np.mean(list(rates.values()))) or 1.0
    by_weight = _by_weight(list(prices.graph.groups.values()), rates)
    units = {
        path: unit * max(by_weight.get(path, mean), _LEAST_PRICE * mean)
        for path, unit in prices.units.items()
    }
    return Prices(units, prices.graph)


def _by_weight(groups: Sequence[ChannelGroup], rates: Mapping[str, float]) -> dict[str, float]:
    """The rate of the group that makes a weight's outputs; of the one it reads, if none does."""
    found: dict[str, float] = {}
    for roles in (("in",), ("out", "along")):
        for group in groups:
            paths = [m.path for m in group.members if m.role in roles and group.name in rates]
            found |= dict.fromkeys(paths, rates.get(group.name, 0.0))
    return found
