"""Small init, small final: `score = min(rank(−|w₀|), rank(−|w|))`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfticket.scores.base import Evidence, Score
from tfticket.scores.ranks import lower_rank

__all__ = ["SmallInitSmallFinal"]


class SmallInitSmallFinal(Score):
    """Keeps the weights nearest to zero both at step 0 and now: `min(rank(−|w₀|), rank(−|w|))`.

    `rank` is the fraction of the layer's surviving weights with a smaller value; see
    `LargeInitLargeFinal`.

    References:
        Zhou et al. 2019, "Deconstructing Lottery Tickets", https://arxiv.org/abs/1905.01067
    """

    name = "small_init_small_final"
    needs = ("rewind_points",)

    def compute(self, model: Any, evidence: Evidence) -> dict[str, np.ndarray]:
        initial = evidence.initial_weights
        scores = {}
        for path, weight in evidence.weights.items():
            mask = None if evidence.masks is None else evidence.masks[path]
            scores[path] = lower_rank(-np.abs(initial[path]), -np.abs(weight), mask)
        return scores
