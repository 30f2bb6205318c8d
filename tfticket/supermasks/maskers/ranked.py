"""Maskers that rank: the scores of largest magnitude are kept, and may invert weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from tfticket import _keras
from tfticket.supermasks.initializers import KaimingUniform
from tfticket.supermasks.maskers.base import Masker
from tfticket.supermasks.maskers.ranking import Ranking, same_or_new
from tfticket.supermasks.registration import register
from tfticket.supermasks.straight_through import masked

__all__ = ["EdgePopup", "Signed"]


class _Ranked(Masker):
    """Keeps the scores of largest magnitude, as many as a ranking says."""

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

    def unattended(self, layer: Any) -> str | None:
        if self.ranking.schedule is None:
            return None
        return (
            f"the density of {layer.name!r} is a schedule that nobody follows: pass"
            " `callbacks.FollowDensity()` to `fit`, or call `set_density` after each step."
        )

    def get_config(self) -> dict[str, Any]:
        return self.ranking.config()

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Masker:
        return same_or_new(cls, config)


@register
class EdgePopup(_Ranked):
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

    def forward(self, layer: Any, kernel: Any, scores: Any, training: bool) -> Any:
        mask = tf.cast(self.ranking.kept(layer, scores), kernel.dtype)
        return masked(kernel, mask, scores, lambda: tf.sign(scores))

    def mask(self, layer: Any) -> np.ndarray:
        return self.ranking.kept(layer, _keras.value_of(layer.scores)).numpy().astype(np.int8)

    def scores_for(self, mask: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Returns the same magnitudes, the largest at kept positions; signs stay."""
        return _in_rank_order(mask, scores) * np.where(scores < 0, -1, 1).astype(scores.dtype)


@register
class Signed(_Ranked):
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

    def forward(self, layer: Any, kernel: Any, scores: Any, training: bool) -> Any:
        return masked(kernel, tf.cast(self._values(layer, scores), kernel.dtype), scores)

    def mask(self, layer: Any) -> np.ndarray:
        return self._values(layer, _keras.value_of(layer.scores)).numpy().astype(np.int8)

    def scores_for(self, mask: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Returns the same magnitudes, the largest at kept positions, with the mask's signs."""
        signs = np.where(mask != 0, mask, np.where(scores < 0, -1, 1))
        return _in_rank_order(mask, scores) * signs.astype(scores.dtype)

    def _values(self, layer: Any, scores: Any) -> Any:
        # Not `tf.sign`: a score of 0 that is kept, keeps.
        kept = tf.cast(self.ranking.kept(layer, scores), scores.dtype)
        return tf.where(scores < 0, -kept, kept)


def _in_rank_order(mask: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Returns the magnitudes of the scores, the largest of them where the mask is not 0.

    >>> _in_rank_order(np.array([0, 1, 1]), np.array([0.3, -0.1, 0.2])).tolist()
    [0.1, 0.2, 0.3]

    Args:
        mask: what is to be kept.
        scores: of the same shape; among the kept, and among the others, their order stays.
    """
    magnitudes, is_kept = np.abs(scores).ravel(), (np.asarray(mask) != 0).ravel()
    order = np.lexsort((-magnitudes, ~is_kept))  # kept first, each part from the largest down
    dealt = np.empty_like(magnitudes)
    dealt[order] = np.sort(magnitudes)[::-1]
    kept, others = dealt[is_kept], dealt[~is_kept]
    if kept.size and others.size and kept.min() <= others.max():
        # Of equal magnitudes the first by position would be kept.
        dealt[is_kept] += np.abs(magnitudes).max() or 1
    return dealt.reshape(scores.shape)
