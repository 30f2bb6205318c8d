"""Taylor: how much the loss would change, to first order, without a weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tfticket._lazy import tf
from tfticket.scores.base import Evidence, Score
from tfticket.tracing import batch_losses, mean_saliency

__all__ = ["Taylor"]


@dataclass(frozen=True)
class Taylor(Score):
    """First-order Taylor importance of single weights: `score = (w · ∂L/∂w)²`.

    Of several batches the squares are averaged, so that effects of opposite sign do not cancel as
    they do in `Snip`; for one batch both rank alike. The model runs in evaluation mode.

    References:
        Molchanov et al. 2019, "Importance estimation for neural network pruning", equation 8 for a
        single weight, https://arxiv.org/abs/1906.10771
    """

    name = "taylor"
    needs = ("batch", "loss")

    def compute(self, model: Any, evidence: Evidence) -> dict[str, np.ndarray]:
        losses = batch_losses(model, evidence.batches, evidence.loss)
        return mean_saliency(
            model,
            evidence.weights,
            losses,
            each=tf.square,
        )
