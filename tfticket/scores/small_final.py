"""Small final: `score = −|w|`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfticket.scores.base import Evidence, Score

__all__ = ["SmallFinal"]


class SmallFinal(Score):
    """Keeps the weights nearest to zero: `score = −|w|` of the present weights.

    References:
        Zhou et al. 2019, "Deconstructing Lottery Tickets", https://arxiv.org/abs/1905.01067
    """

    name = "small_final"

    def compute(self, model: Any, evidence: Evidence) -> dict[str, np.ndarray]:
        return {p: -np.abs(w) for p, w in evidence.weights.items()}
