"""Magnitude increase: `score = |w| − |w₀|`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfticket.scores.base import Evidence, Score

__all__ = ["MagnitudeIncrease"]


class MagnitudeIncrease(Score):
    """Keeps the weights that moved away from zero since step 0: `score = |w| − |w₀|`.

    References:
        Zhou et al. 2019, "Deconstructing Lottery Tickets", https://arxiv.org/abs/1905.01067
    """

    name = "magnitude_increase"
    needs = ("rewind_points",)

    def compute(self, model: Any, evidence: Evidence) -> dict[str, np.ndarray]:
        initial = evidence.initial_weights
        return {p: np.abs(w) - np.abs(initial[p]) for p, w in evidence.weights.items()}
