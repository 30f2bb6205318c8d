"""Soft threshold reparameterisation: one threshold for each layer, trained with its weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from tfticket import _keras
from tfticket.supermasks.maskers.base import Masker
from tfticket.supermasks.maskers.constants import constant
from tfticket.supermasks.registration import register

__all__ = ["SoftThreshold"]


@register
class SoftThreshold(Masker):
    """Computes with `sign(w) · relu(|w| - σ(s))`; s is one number for each layer, trained too.

    A weight below the threshold σ(s) is masked, and has no gradient until the threshold falls below
    it. `scores_regularizer=L2(d / 2)` of the layer, or of `convert`, is weight decay d of s: it
    pulls s up to 0 and the threshold to one half, so that more decay keeps fewer weights. How many
    is found, layer by layer.

    Args:
        initial_score: s of every layer at the start. Published are -3200 to -12800 for ImageNet,
            where only weight decay moves s in the first epochs: below -100 or so σ(s) is 0.

    Raises:
        ValueError: if it is not finite.

    References:
        Kusupati et al. 2020, "Soft Threshold Weight Reparameterization for Learnable Sparsity",
        https://arxiv.org/abs/2002.03231
    """

    name = "soft_threshold"
    trains_weights = True

    def __init__(self, *, initial_score: float = -5.0):
        self.initial_scores = constant(initial_score, "initial_score")
        self.initial_score = float(initial_score)

    def scores_shape(self, kernel_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Returns the shape of one number."""
        return ()

    def forward(self, layer: Any, kernel: Any, scores: Any, training: bool) -> Any:
        """Returns the thresholded kernel; gradients are those of the formula, for both."""
        threshold = tf.cast(tf.sigmoid(scores), kernel.dtype)
        return tf.sign(kernel) * tf.nn.relu(tf.abs(kernel) - threshold)

    def mask(self, layer: Any) -> np.ndarray:
        return (self._thresholded(layer) != 0).astype(np.int8)

    def plain_kernel(self, layer: Any, kernel: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Returns kept weights shrunk by the threshold, and masked ones as they are."""
        return np.where(mask != 0, self._thresholded(layer), kernel)

    def scores_for(self, mask: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Refuses: which weights are masked follows from their magnitudes.

        Raises:
            ValueError: always.
        """
        raise ValueError(
            "the masker must have scores by weight: under a trained threshold the mask follows from"
            f" the magnitudes of the weights. Received: masker={self!r}"
        )

    def get_config(self) -> dict[str, Any]:
        return {"initial_score": self.initial_score}

    def _thresholded(self, layer: Any) -> np.ndarray:
        kernel, scores = _keras.value_of(layer.kernel), _keras.value_of(layer.scores)
        return self.forward(layer, kernel, scores, False).numpy()
