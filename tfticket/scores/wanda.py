"""Wanda: weights times the size of what they are multiplied with."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfticket._lazy import tf
from tfticket.scores.base import Evidence, Score
from tfticket.tracing import lent
from tfticket.tracing.examples import evaluation
from tfticket.tracing.products import products, watched

__all__ = ["Wanda"]


class Wanda(Score):
    """Weights and activations: `score = |w| · ‖x‖₂`, of the input x that a weight multiplies.

    The norm is over all examples and positions of the batches, of which the targets are not looked
    at. Scores are meant to be compared within an output: `scope="output"`. The model runs in
    evaluation mode with the weights of the evidence; the authors calibrate block by block, each
    with the blocks before it pruned, which `tfticket.post_training.prune_after_training` does.

    Takes kernels of Dense, EinsumDense (as in attention) and of convolutions of one and two
    dimensions.

    References:
        Sun et al. 2023, "A simple and effective pruning approach for large language models",
        equation 1, https://arxiv.org/abs/2306.11695
    """

    name = "wanda"
    needs = ("batch",)

    def compute(self, model: Any, evidence: Evidence) -> dict[str, np.ndarray]:
        found, others = products(model, evidence.weights)
        if others:
            raise ValueError(
                "`prunable` must name kernels whose inputs can be seen: there is nothing to"
                f" multiply with for {others}. Leave these out with `exclude`."
            )
        squares: dict[str, tf.Tensor] = {}

        def take(path: str, rows: tf.Tensor) -> None:
            own = tf.reduce_sum(tf.square(rows), axis=1)
            squares[path] = squares[path] + own if path in squares else own

        with lent(model, evidence.weights), watched(found, take):
            for inputs, _ in evidence.batches:
                evaluation(model)(inputs)
        if idle := [path for path in found if path not in squares]:
            raise ValueError(
                "`model` must call every layer that is scored; of the batches given it did not call"
                f" those of {idle}. Leave these out with `exclude`."
            )
        scores = {}
        for path, product in found.items():
            matrices = product.matrices(np.abs(evidence.weights[path]).astype(np.float32))
            scores[path] = product.kernel(matrices * np.sqrt(squares[path].numpy())[..., None])
        return scores
