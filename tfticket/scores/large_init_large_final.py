"""Large init, large final: `score = min(rank(|w₀|), rank(|w|))`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfticket.scores.base import Evidence, Score
from tfticket.scores.ranks import lower_rank

__all__ = ["LargeInitLargeFinal"]


class LargeInitLargeFinal(Score):
    """Keeps the weights farthest from zero both at step 0 and now: `min(rank(|w₀|), rank(|w|))`.

    `rank` is the fraction of the layer's surviving weights with a smaller value, so a score is the
    highest quantile that both values reach, and the k highest scores are the weights for which both
    exceed the quantile that leaves k. The paper matches the two by a factor instead, `min(α|w|,
    |w₀|)`.

    References:
        Zhou et al. 2019, "Deconstructing Lottery Tickets", https://arxiv.org/abs/1905.01067
    """

    name = "large_init_large_final"
    needs = ("rewind_points",)

    def compute(self, model: Any, evidence: Evidence) -> dict[str, np.ndarray]:
        initial = evidence.initial_weights
        scores = {}
        for path, weight in evidence.weights.items():
            mask = None if evidence.masks is None else evidence.masks[path]
            scores[path] = lower_rank(np.abs(initial[path]), np.abs(weight), mask)
        return scores
