"""Signed: the scores of largest magnitude are kept, and their signs invert weights."""

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

__all__ = ["Signed"]


@register
class Signed(Masker):
    """Keeps the `round(density · n)` scores of largest magnitude; negative ones invert the weight.

    Forward `mask = sign(s) · 1[|s| among the largest]`, with values -1, 0 and 1; backward the mask
    counts as `s`, so `∂L/∂s = ∂L/∂(w · mask) · w`. The paper sets two thresholds once; here, as in
    edge-popup, the density is set and holds at every step.

    Args:
        density: as for `EdgePopup`.
        scope: as for `EdgePopup`.
        group: as for `EdgePopup`.
        num_members: as for `EdgePopup`.

    References:
        Koster et al. 2022, "Signing the Supermask: Keep, Hide, Invert",
        https://arxiv.org/abs/2201.13361
    """

    name = "signed"
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
        return masked(kernel, tf.cast(self._values(layer, scores), kernel.dtype), scores)

    def mask(self, layer: Any) -> np.ndarray:
        return self._values(layer, _keras.value_of(layer.scores)).numpy().astype(np.int8)

    def scores_for(self, mask: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Returns the same magnitudes, the largest at kept positions, with the mask's signs."""
        signs = np.where(mask != 0, mask, np.where(scores < 0, -1, 1))
        return in_rank_order(mask, scores) * signs.astype(scores.dtype)

    def get_config(self) -> dict[str, Any]:
        return self.ranking.config()

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Masker:
        return same_or_new(cls, config)

    def _values(self, layer: Any, scores: Any) -> Any:
        # Not `tf.sign`: a score of 0 that is kept, keeps.
        kept = tf.cast(self.ranking.kept(layer, scores), scores.dtype)
        return tf.where(scores < 0, -kept, kept)
