"""Movement: how far a weight moved away from zero in training, by its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfticket.scores.base import Evidence, Score

__all__ = ["Movement"]


class Movement(Score):
    """Keeps the weights that training moves away from zero: `score = −Σ w · ∂L/∂w` over updates.

    For fine-tuning, where a weight that was large before may be of no use for the new task. The sum
    is made inside `fit` by `callbacks.PruneOnSchedule`, from the first update on; nothing else can
    make it. The authors let masked weights come back, which are kept beside the masks there; here
    masked weights are 0, so that they do not move, and masks only shrink.

    References:
        Sanh et al. 2020, "Movement Pruning: Adaptive Sparsity by Fine-Tuning", section 3,
        https://arxiv.org/abs/2005.07683
    """

    name = "movement"
    needs = ("movement",)

    def compute(self, model: Any, evidence: Evidence) -> dict[str, np.ndarray]:
        movement = evidence.movement or {}
        missing = [p for p in evidence.weights if p not in movement]
        if missing:
            raise ValueError(
                f"`movement` must have every prunable weight: {missing} are missing."
                f" Received: {list(movement)}"
            )
        return {p: np.asarray(movement[p]) for p in evidence.weights}
