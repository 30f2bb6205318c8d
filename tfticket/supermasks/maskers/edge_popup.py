"""EdgePopup: the scores of largest magnitude are kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from tfticket import _keras
from tfticket.supermasks.initializers import KaimingUniform
from tfticket.supermasks.maskers.base import Masker
from tfticket.supermasks.maskers.ranking import Ranking, same_or_new
from tfticket.supermasks.maskers.ranks import in_rank_order
from tfticket.supermasks.registration import register
from tfticket.supermasks.straight_through import masked

__all__ = ["EdgePopup"]


@register
class EdgePopup(Masker):
    """Keeps the `round(density · n)` scores of largest magnitude, exactly so many at every step.

    Forward `mask = 1[|s| among the largest]`, of equal magnitudes the first by position; backward
    the mask counts as `|s|`, so `∂L/∂s = ∂L/∂(w · mask) · w · sign(s)`.

    Args:
        density: fraction of the weights that is kept, in (0, 1], constant or by a schedule of
            `tfticket.schedules` (or tfmot's), whose sparsity is 1 minus the density. A schedule is
            followed by the callback `FollowDensity`, without tracing anything again.
        scope: `"layer"` keeps that fraction of each layer; `"global"` of all layers together that
            have this very object as their masker.
        group: only for configurations: by it, layers that are loaded together find each other.
        num_members: only for configurations: how many layers these are.

    Raises:
        ValueError: if `density` or `scope` is not one of these.

    References:
        Ramanujan et al. 2020, "What's Hidden in a Randomly Weighted Neural Network?",
        https://arxiv.org/abs/1911.13299
    """

    name = "edge_popup"
    initial_scores = KaimingUniform(slope=5**0.5)

    def __init__(
        self,
        density: Any = 0.5,
        *,
        scope: str = "layer",
        group: str | None = None,
        num_members: int | None = None,
    ):
        self.ranking = Ranking(density, scope, group, num_members)

    def state(self, layer: Any) -> dict[str, np.ndarray]:
        return self.ranking.state()

    def join(self, layer: Any) -> None:
        self.ranking.join(layer)

    def forward(self, layer: Any, kernel: Any, scores: Any, training: bool) -> Any:
        mask = tf.cast(self.ranking.kept(layer, scores), kernel.dtype)
        return masked(kernel, mask, scores, lambda: tf.sign(scores))

    def mask(self, layer: Any) -> np.ndarray:
        return self.ranking.kept(layer, _keras.value_of(layer.scores)).numpy().astype(np.int8)

    def scores_for(self, mask: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Returns the same magnitudes, the largest at kept positions; signs stay."""
        return in_rank_order(mask, scores) * np.where(scores < 0, -1, 1).astype(scores.dtype)

    def get_config(self) -> dict[str, Any]:
        return self.ranking.config()

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Masker:
        return same_or_new(cls, config)
