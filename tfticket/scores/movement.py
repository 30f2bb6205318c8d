"""Movement: `score = |w − w₀|`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfticket.scores.base import Evidence, Score

__all__ = ["Movement"]


class Movement(Score):
    """Keeps the weights that moved farthest since step 0: `score = |w − w₀|`.

    Not the gradient-based "movement pruning" of Sanh et al. 2020.

    References:
        Zhou et al. 2019, "Deconstructing Lottery Tickets", https://arxiv.org/abs/1905.01067
    """

    name = "movement"
    needs = ("rewind_points",)

    def compute(self, model: Any, evidence: Evidence) -> dict[str, np.ndarray]:
        initial = evidence.initial_weights
        return {p: np.abs(w - initial[p]) for p, w in evidence.weights.items()}
