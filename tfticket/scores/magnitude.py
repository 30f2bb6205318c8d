"""Magnitude: `score = |w|`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfticket.scores.base import Evidence, Score

__all__ = ["Magnitude"]


class Magnitude(Score):
    """Keeps the weights farthest from zero: `score = |w|` of the present weights.

    References:
        Han et al. 2015, "Learning both Weights and Connections", https://arxiv.org/abs/1506.02626
    """

    name = "magnitude"

    def compute(self, model: Any, evidence: Evidence) -> dict[str, np.ndarray]:
        return {p: np.abs(w) for p, w in evidence.weights.items()}

    def of_weights(self, weights: np.ndarray) -> np.ndarray:
        return np.abs(weights)
