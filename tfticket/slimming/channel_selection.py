"""Which channels survive: channel scores and a sparsity in, kept channels or masks out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfticket import weights
from tfticket.graph import ROLES, Graph, channel_graph
from tfticket.masks import Masks
from tfticket.scores import Evidence
from tfticket.selection import budget, keep_top
from tfticket.slimming.channel_scores import some_scores

__all__ = ["ChannelLimits", "channel_masks", "select_channels"]

Kept = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class ChannelLimits:
    """What a selection of channels must keep to.

    Args:
        round_to: the number of channels that each layer keeps is rounded up to a multiple of this,
            at most to all of them; hardware likes 8.
        max_channel_sparsity: largest fraction of a group that may go, in [0, 1]. One channel of
            each group stays at any rate.
    """

    round_to: int = 1
    max_channel_sparsity: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.round_to, int) or self.round_to < 1:
            raise ValueError(
                f"`round_to` must be an integer >= 1. Received: round_to={self.round_to!r}"
            )
        if not 0 <= self.max_channel_sparsity <= 1:
            raise ValueError(
                "`max_channel_sparsity` must be in [0, 1]: it is a fraction."
                f" Received: max_channel_sparsity={self.max_channel_sparsity}"
            )

    def least(self, num_channels: int) -> int:
        """The least number of `num_channels` that must stay."""
        # Sparsities such as 0.9 are not exact: 0.1 · 10 channels must be 1, not 2.
        return max(1, math.ceil(round((1 - self.max_channel_sparsity) * num_channels, 9)))

    def rounded(self, num_kept: int, num_channels: int, width: int) -> int:
        """Rounds a number of kept channels up.

        Args:
            num_kept: that number.
            num_channels: how many there are.
            width: how many outputs of a layer each of them stands for.
        """
        step = self._step(width)
        return min(num_channels, -(-num_kept // step) * step)

    def rounded_down(self, num_kept: int, num_channels: int, width: int) -> int | None:
        """Rounds a number of kept channels down; `None` where fewer would be left than must stay.

        Args:
            num_kept: that number.
            num_channels: how many there are.
            width: how many outputs of a layer each of them stands for.
        """
        step = self._step(width)
        found = num_kept // step * step
        return found if found >= self.least(num_channels) else None

    def _step(self, width: int) -> int:
        return self.round_to // math.gcd(self.round_to, width)


def select_channels(
    graph: Graph,
    scores: Mapping[str, np.ndarray],
    channel_sparsity: Any,
    *,
    scope: Any = "global",
    limits: ChannelLimits | None = None,
    kept: Kept | None = None,
) -> dict[str, np.ndarray]:
    """Keeps the channels with the largest scores, of every group at least one.

    A group counts with its number of channels however many layers it goes through. Equal scores
    are kept by position. Before rounding, exactly as many stay as the scope says.

    Args:
        graph: the channel groups.
        scores: `{group: [channels]}`, larger = keep; groups without scores keep all channels and
            do not count.
        channel_sparsity: fraction of the channels to remove, in [0, 1); or one per pattern of the
            group's name, or per tuple of patterns that are ranked together.
        scope: `"global"`, `"layer"` (each group by itself), a `Scope`, or a list of patterns of
            group names and tuples of these, which are ranked together.
        limits: rounding and the largest sparsity of a group.
        kept: the channels that are there still, as this function returned them; only these
            compete.

    Returns:
        `{group: boolean [channels]}`, True = kept, for every group with scores.

    Raises:
        ValueError: if a score is not finite, or does not fit the groups.
    """
    graph.check(scores)
    limits = limits or ChannelLimits()
    wrong = [n for n, s in scores.items() if not np.isfinite(s).all()]
    if wrong:
        raise ValueError(f"`scores` must be finite. Received: NaN or infinity in {wrong}")
    there = {n: np.ones(len(s), np.bool_) for n, s in scores.items()}
    there |= {n: np.asarray(k) for n, k in (kept or {}).items() if n in there}
    found: dict[str, np.ndarray] = {}
    shapes = {n: (len(s),) for n, s in scores.items()}
    for group in budget(shapes, channel_sparsity, scope, minimum=1) if scores else []:
        own = [np.asarray(scores[n], np.float64) for n in group.paths]
        candidates = [there[n] for n in group.paths]
        protected = [
            keep_top([s], [c], limits.least(len(s)))[0]
            for s, c in zip(own, candidates, strict=True)
        ]
        chosen = keep_top(own, candidates, group.num_kept, protected)
        for name, score, candidate, mark in zip(group.paths, own, candidates, chosen, strict=True):
            width = graph.groups[name].width
            count = limits.rounded(int(mark.sum()), len(score), width)
            found[name] = keep_top([score], [candidate], count)[0]
    return found


def channel_masks(
    model: Any,
    channel_sparsity: Any,
    *,
    score: Any = "l1",
    evidence: Evidence | None = None,
    scope: Any = "global",
    limits: ChannelLimits | None = None,
    roles: tuple[Any, ...] = ROLES,
) -> Masks:
    """Masks the channels of a model that are worth least.

    Args:
        model: a built functional or Sequential model of either Keras.
        channel_sparsity: as for `select_channels`.
        score: as for `channel_scores`.
        evidence: as for `channel_scores`.
        scope: as for `select_channels`.
        limits: as for `select_channels`.
        roles: which weights of a channel to mask, as for `Graph.masks`.

    Returns:
        Masks over every trainable weight of all channel groups; `shrink` removes what they mask.

    Raises:
        ValueError: if an argument is out of range, or no channel may be removed.
    """
    graph = channel_graph(model)
    scored = some_scores(model, graph, score, evidence)
    if not all(np.isfinite(np.sum(worth)) for worth in scored.values()):
        weights.require_finite(model)
    kept = select_channels(graph, scored, channel_sparsity, scope=scope, limits=limits)
    return graph.masks(kept, roles=roles)
