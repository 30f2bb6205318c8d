"""How many channels each group loses: one list of steps from the whole network to almost none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from tfticket.compression.choices import Allocator
from tfticket.compression.costs import Prices
from tfticket.graph import Graph
from tfticket.masks import Masks
from tfticket.selection import keep_top
from tfticket.slimming.channel_selection import ChannelLimits, select_channels

__all__ = ["Allocation", "Stage", "allocate", "marks", "usual_step"]

#: Of the dense cost: what one step of the greedy search takes away, and where it ends.
_STEP, _LEAST = 0.04, 0.04
#: Sparsities at which a ranking is cut.
_CUTS = tuple(np.linspace(0.02, 0.98, 49))


@dataclass(frozen=True)
class Stage:
    """Numbers of channels, and what they cost.

    Args:
        removed: fraction of the dense cost that is gone.
        kept: how many channels each group keeps.
    """

    removed: float
    kept: Mapping[str, int]


@dataclass(frozen=True)
class Allocation:
    """Stages from the whole network on, each cheaper than the one before.

    Args:
        stages: those after the whole network.
    """

    stages: tuple[Stage, ...]

    @property
    def most(self) -> float:
        """The largest fraction of the cost that can be removed."""
        return max((s.removed for s in self.stages), default=0.0)

    def at(self, removed: float) -> Stage:
        """Returns the first stage that removes at least a fraction of the cost.

        Args:
            removed: that fraction, at most `most`.

        Raises:
            ValueError: if none does.
        """
        for stage in self.stages:
            if stage.removed >= removed - 1e-9:
                return stage
        raise ValueError(
            f"`channels` must be at most {self.most:.3f}, what can be removed here."
            f" Received: channels={removed}"
        )


def allocate(
    graph: Graph,
    scores: Mapping[str, np.ndarray],
    prices: Prices,
    allocator: Allocator,
    *,
    damage: Callable[[Masks], float],
    limits: ChannelLimits | None = None,
) -> Allocation:
    """Orders the removal of channels, by what it costs the network and what it saves.

    `"greedy"` follows NetAdapt: each step takes the same fraction of the cost from the group where
    the network's outputs change least by it. `"global"` ranks all channels together by their
    score over the mean of their group, `"uniform"` takes the same fraction of every group.

    Args:
        graph: the channel groups.
        scores: `{group: [channels]}`: within a group those of the smallest go first.
        prices: what weights cost.
        allocator: which of the three.
        damage: how far the outputs are from the dense ones under masks; asked by `"greedy"` alone.
        limits: rounding of numbers of channels, and the largest sparsity of a group.

    Raises:
        ValueError: for an unknown allocator.

    References:
        Yang et al. 2018, "NetAdapt", section 3 and algorithm 1, https://arxiv.org/abs/1804.03230
    """
    if allocator not in get_args(Allocator):
        raise ValueError(
            f"`allocation` must be one of {get_args(Allocator)}. Received: allocation={allocator!r}"
        )
    limits = limits or ChannelLimits()
    if allocator == "greedy":
        return Allocation(tuple(_Greedy(graph, scores, prices, limits).stages(damage)))
    relative = {n: np.asarray(s) / max(float(np.mean(s)), 1e-30) for n, s in scores.items()}
    stages: list[Stage] = []
    for cut in _CUTS:
        scope = "global" if allocator == "global" else "layer"
        kept = select_channels(graph, relative, cut, scope=scope, limits=limits)
        _append(stages, graph, kept, prices)
    return Allocation(tuple(stages))


def marks(scores: Mapping[str, np.ndarray], kept: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Returns one boolean per channel: those of the largest scores are kept.

    Args:
        scores: `{group: [channels]}`.
        kept: how many stay of each.
    """
    return {
        name: keep_top([np.asarray(s, np.float64)], [np.ones(len(s), bool)], kept[name])[0]
        for name, s in scores.items()
    }


def usual_step(cost: str, scores: Mapping[str, np.ndarray]) -> int:
    """Of what the number of channels that stay is a multiple, if nobody says.

    Kernels compute eight channels at once, so that 33 take the time of 40. In networks of which no
    group has two such steps to give, smaller ones are taken.

    Args:
        cost: what the removal of channels is to save, `"latency"` or `"bytes"`.
        scores: `{group: [channels]}`.
    """
    widest = max(len(of_group) for of_group in scores.values())
    return next(n for n in (8, 4, 2, 1) if widest >= 2 * n or n == 1) if cost == "latency" else 1


def _append(stages: list[Stage], graph: Graph, kept: Any, prices: Prices) -> None:
    removed = 1 - prices.total(graph.masks(kept)) / prices.total({})
    if removed > (stages[-1].removed if stages else 0.0) + 1e-9:
        stages.append(Stage(removed, {n: int(k.sum()) for n, k in kept.items()}))


@dataclass(frozen=True, eq=False)
class _Greedy:
    """A search that takes one step after the other.

    Args:
        graph: the channel groups.
        scores: which channels of a group go first.
        prices: what weights cost.
        limits: of the numbers of channels.
    """

    graph: Graph
    scores: Mapping[str, np.ndarray]
    prices: Prices
    limits: ChannelLimits

    def stages(self, damage: Callable[[Masks], float]) -> list[Stage]:
        """Takes steps until next to nothing is left, or no group has a whole step to give."""
        counts = {name: len(s) for name, s in self.scores.items()}
        found: list[Stage] = []
        while not found or found[-1].removed < 1 - _LEAST:
            options = self._options(counts)
            if not options:
                break
            harm = {n: damage(self._masks(c)) for n, c in options.items()}
            counts = options[min(harm, key=lambda n: (harm[n], n))]
            before = len(found)
            _append(found, self.graph, marks(self.scores, counts), self.prices)
            if len(found) == before:
                break
        return found

    def _masks(self, counts: Mapping[str, int]) -> Masks:
        return self.graph.masks(marks(self.scores, counts))

    def _options(self, counts: Mapping[str, int]) -> dict[str, dict[str, int]]:
        masks, saving = self._masks(counts), _STEP * self.prices.total({})
        fewer = {name: self._fewer(name, counts[name], masks, saving) for name in self.scores}
        return {n: {**counts, n: count} for n, count in fewer.items() if count is not None}

    def _fewer(self, name: str, count: int, masks: Masks, saving: float) -> int | None:
        """The number of channels of a group with which a saving is reached, if it can be."""
        group, own = self.graph.groups[name], np.asarray(self.scores[name], np.float64)
        there = marks({name: own}, {name: count})[name]
        order = np.argsort(np.where(there, own, np.inf), kind="stable")[:count]
        saved = np.cumsum(self.prices.of_channels(group, masks)[order])
        needed = int(np.searchsorted(saved, saving * (1 - 1e-9))) + 1
        if needed > count:
            return None
        return self.limits.rounded_down(count - needed, len(own), group.width)
