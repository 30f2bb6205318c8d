"""SNIP: how much the loss depends on whether a weight is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tfticket.scores.base import Evidence, Score
from tfticket.tracing import batch_losses, mean_saliency

__all__ = ["Snip"]


@dataclass(frozen=True)
class Snip(Score):
    """Connection sensitivity: `score = |∂L/∂m| = |w · ∂L/∂w|`, with m the mask at 1.

    One batch of some ten examples per class is usual; of several, the gradients are averaged. The
    model runs in evaluation mode, without dropout and with the moving statistics of normalisation,
    and regularisation losses do not count. The paper's division by the sum of all scores changes
    no rank and is left out.

    References:
        Lee et al. 2019, "SNIP: Single-shot network pruning based on connection sensitivity",
        https://arxiv.org/abs/1810.02340
    """

    name = "snip"
    needs = ("batch", "loss")

    def compute(self, model: Any, evidence: Evidence) -> dict[str, np.ndarray]:
        losses = batch_losses(model, evidence.batches, evidence.loss)
        averaged = mean_saliency(model, evidence.weights, losses)
        return {p: np.abs(s) for p, s in averaged.items()}
