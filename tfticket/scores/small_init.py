"""Small init: `score = −|w₀|`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfticket.scores.base import Evidence, Score

__all__ = ["SmallInit"]


class SmallInit(Score):
    """Keeps the weights that were nearest to zero at step 0: `score = −|w₀|`.

    References:
        Zhou et al. 2019, "Deconstructing Lottery Tickets", https://arxiv.org/abs/1905.01067
    """

    name = "small_init"
    needs = ("rewind_points",)

    def compute(self, model: Any, evidence: Evidence) -> dict[str, np.ndarray]:
        initial = evidence.initial_weights
        return {p: -np.abs(initial[p]) for p, w in evidence.weights.items()}
