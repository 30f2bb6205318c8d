"""Random: the control every other score has to beat."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfticket.scores.base import Evidence, Score
from tfticket.seeds import generator

__all__ = ["Random"]


class Random(Score):
    """Independent uniform scores, `score ~ U[0, 1)`, drawn per path from `evidence.seed`.

    A weight's scores depend on the seed and its path alone, so adding a layer elsewhere does not
    change them.
    """

    name = "random"
    needs = ("seed",)

    def compute(self, model: Any, evidence: Evidence) -> dict[str, np.ndarray]:
        assert evidence.seed is not None  # `needs` has been checked
        return {
            p: generator(evidence.seed, "score", p).random(w.shape, dtype=np.float32)
            for p, w in evidence.weights.items()
        }
