"""Bernoulli: each weight is kept with a probability that is trained."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from tfticket import _keras
from tfticket.seeds import derived_seed
from tfticket.supermasks.maskers.base import Masker
from tfticket.supermasks.registration import register
from tfticket.supermasks.straight_through import masked

__all__ = ["Bernoulli"]

EVALUATIONS = ("rounded", "sampled")
_CONFIDENT = 3.0  # a logit of probability .95


@register
class Bernoulli(Masker):
    """Keeps a weight with probability `p = sigmoid(s)`, drawn anew in every training step.

    Backward the mask counts as p, so `∂L/∂s = ∂L/∂(w · mask) · w · p · (1 - p)`. Logits start at 0.

    Args:
        evaluation: `"rounded"` keeps what is kept with p >= 0.5 when the layer is not in training
            mode; `"sampled"` draws there too, so that outputs differ from call to call.
        rescale: dynamic weight rescaling: kept weights are multiplied by `n / (number kept)`, of
            the mask at hand. The factor counts as a constant backward.
        seed: chooses the masks drawn; each layer has its own stream, by its name.

    Raises:
        ValueError: if `evaluation` is neither of these.

    References:
        Zhou et al. 2019, "Deconstructing Lottery Tickets", https://arxiv.org/abs/1905.01067
    """

    name = "bernoulli"

    def __init__(self, *, evaluation: str = "rounded", rescale: bool = False, seed: int = 0):
        if evaluation not in EVALUATIONS:
            raise ValueError(
                f"`evaluation` must be one of {EVALUATIONS}. Received: evaluation={evaluation!r}"
            )
        self.evaluation, self.rescale, self.seed = evaluation, bool(rescale), int(seed)

    def state(self, layer: Any) -> dict[str, np.ndarray]:
        """Returns the seed of the layer's stream, and how many masks were drawn of it."""
        return {"stream": np.array([derived_seed(self.seed, "masks", layer.name), 0], np.int64)}

    def forward(self, layer: Any, kernel: Any, scores: Any, training: bool) -> Any:
        probability = tf.sigmoid(scores)
        if training or self.evaluation == "sampled":
            kept = _drawn(layer, scores.shape) < probability
        else:
            kept = scores >= 0
        mask = tf.cast(kept, scores.dtype)
        scale = self._scale(mask) if self.rescale else 1.0

        def slope() -> Any:
            return scale * probability * (1.0 - probability)

        return masked(kernel, tf.cast(mask * scale, kernel.dtype), scores, slope)

    def mask(self, layer: Any) -> np.ndarray:
        """Returns the rounded mask, however the layer evaluates."""
        return (_keras.to_numpy(layer.scores) >= 0).astype(np.int8)

    def scale(self, mask: np.ndarray) -> np.float32:
        if not self.rescale:
            return np.float32(1.0)
        return np.float32(self._scale(tf.constant(mask, tf.float32)).numpy())

    def scores_for(self, mask: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Returns logits of probability .95 where the mask keeps, of .05 elsewhere."""
        return np.where(mask != 0, _CONFIDENT, -_CONFIDENT).astype(scores.dtype)

    def get_config(self) -> dict[str, Any]:
        return {"evaluation": self.evaluation, "rescale": self.rescale, "seed": self.seed}

    @staticmethod
    def _scale(mask: Any) -> Any:
        # Counted in integers: in float32 a sum of ones stops at 2**24.
        num_kept = tf.math.count_nonzero(mask, dtype=tf.int32)
        size = tf.constant(int(np.prod(mask.shape, dtype=np.int64)), tf.float32)
        return size / tf.cast(tf.maximum(num_kept, 1), tf.float32)


def _drawn(layer: Any, shape: Any) -> Any:
    """Draws uniform numbers from a layer's stream and moves it on."""
    stream = _keras.native(layer.masker_state["stream"])
    numbers = tf.random.stateless_uniform(shape, seed=stream.read_value())
    stream.assign_add(tf.constant([0, 1], tf.int64))
    return numbers
