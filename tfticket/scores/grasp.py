"""GraSP: which weights preserve the flow of the gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tfticket._lazy import tf
from tfticket.scores.base import Evidence, Score
from tfticket.tracing import batch_losses, gradients, lent, slopes

__all__ = ["Grasp"]


@dataclass(frozen=True)
class Grasp(Score):
    """Gradient signal preservation: `score = w · Hg`, with g = ∂L/∂w and H the Hessian of L.

    To first order, removing a weight changes `g·g` by `−2 w·Hg`: kept are those whose removal would
    lower it most. g and H are of the scored weights only, and L is the mean of the batches with all
    logits divided by the temperature. Hg is found by differentiating `Σ g·stop_gradient(g)`, which
    needs second derivatives of every operation; recurrent layers have none on GPUs that run them
    by cuDNN. The model runs in evaluation mode.

    The authors remove the highest of `−w · Hg`, so larger is kept here as well. Their division by
    the sum of the scores changes no rank and is left out.

    Args:
        temperature: what the logits are divided by, > 0; the authors take 200.

    References:
        Wang et al. 2020, "Picking winning tickets before training by preserving gradient flow",
        https://arxiv.org/abs/2002.07376
    """

    name = "grasp"
    needs = ("batch", "loss")
    temperature: float = 200.0

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise ValueError(
                "`temperature` must be positive: it divides the logits."
                f" Received: temperature={self.temperature}"
            )

    def compute(self, model: Any, evidence: Evidence) -> dict[str, np.ndarray]:
        functions = batch_losses(model, evidence.batches, evidence.loss, self.temperature)
        with lent(model, evidence.weights) as variables:
            means = _mean([f.gradients(variables) for f in functions])
            bends = _mean([_bend(f, variables, means) for f in functions])
            scores = [np.asarray(v * b) for v, b in zip(variables, bends, strict=True)]
        return dict(zip(evidence.weights, scores, strict=True))


def _bend(function: Any, variables: list, means: list[tf.Tensor]) -> list[tf.Tensor]:
    """Returns the product Hg of one batch's Hessian with the gradient."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(variables)
        own = slopes(function, variables)
        product = tf.add_n([tf.reduce_sum(o * m) for o, m in zip(own, means, strict=True)])
    return gradients(tape, product, variables)


def _mean(lists: list[list[tf.Tensor]]) -> list[tf.Tensor]:
    return [tf.add_n(tensors) / len(lists) for tensors in zip(*lists, strict=True)]
