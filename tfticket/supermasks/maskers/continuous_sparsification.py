"""Continuous sparsification: a soft mask that hardens while the weights are trained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfticket import _keras
from tfticket.supermasks.maskers.base import Masker
from tfticket.supermasks.maskers.constants import at_least_zero, constant
from tfticket.supermasks.registration import register

__all__ = ["ContinuousSparsification"]

EVALUATIONS = ("rounded", "soft")


@register
class ContinuousSparsification(Masker):
    """Multiplies each weight by `σ(β·s)`; weights and scores s are trained together.

    The temperature β rises from 1 to `final_temperature`, by the callback `AnnealTemperature`, and
    the soft mask with it to the mask `s > 0`. The loss gets `mask_penalty · Σ σ(β·s)` over the
    layer. How many weights are kept is found: a lower initial score or a larger penalty keeps
    fewer.

    Args:
        initial_score: s of every weight at the start.
        mask_penalty: factor of the sum of the soft mask in the loss, at least 0.
        final_temperature: β at the end of a training, above 1.
        rescale: whether masks are divided by `σ(initial_score)`, as in the authors' code, so that a
            training starts from the network itself.
        evaluation: `"rounded"` computes with the mask `s > 0` when the layer is not in training
            mode; at the start of a training that may keep nothing. `"soft"` computes there as in
            training.

    Raises:
        ValueError: if a value is out of its range.

    References:
        Savarese, Silva & Maire 2020, "Winning the Lottery with Continuous Sparsification",
        https://arxiv.org/abs/1912.04427
    """

    name = "continuous_sparsification"
    trains_weights = True

    def __init__(
        self,
        *,
        initial_score: float = 0.0,
        mask_penalty: float = 1e-8,
        final_temperature: float = 200.0,
        rescale: bool = False,
        evaluation: str = "rounded",
    ):
        if evaluation not in EVALUATIONS:
            raise ValueError(
                f"`evaluation` must be one of {EVALUATIONS}. Received: evaluation={evaluation!r}"
            )
        if not 1.0 < final_temperature < np.inf:
            raise ValueError(
                "`final_temperature` must be above 1, where temperatures start."
                f" Received: final_temperature={final_temperature!r}"
            )
        self.initial_scores = constant(initial_score, "initial_score")
        self.mask_penalty = at_least_zero(mask_penalty, "mask_penalty")
        self.initial_score, self.final_temperature = float(initial_score), float(final_temperature)
        self.rescale, self.evaluation = bool(rescale), evaluation

    def state(self, layer: Any) -> dict[str, np.ndarray]:
        """Returns the temperature at the start of a training."""
        return {"temperature": np.asarray(1.0, np.float32)}

    def temperature_at(self, progress: float) -> float:
        """Returns β when a fraction of a training is done: `final_temperature ** progress`.

        Args:
            progress: in [0, 1]; beyond is taken for the end.
        """
        return self.final_temperature ** min(max(progress, 0.0), 1.0)

    def regularizer(self, layer: Any) -> Callable[[Any], Any] | None:
        if not self.mask_penalty:
            return None
        return lambda _: self.mask_penalty * tf.reduce_sum(self._soft(layer, None))

    def unattended(self, layer: Any) -> str | None:
        return (
            f"the temperature of {layer.name!r} is raised by nobody: pass"
            " `callbacks.AnnealTemperature()` to `fit`, or call `set_temperature` after each step."
        )

    def forward(self, layer: Any, kernel: Any, scores: Any, training: bool) -> Any:
        """Returns kernel times mask; gradients are those of the formula, for both."""
        if training or self.evaluation == "soft":
            mask = self._soft(layer, scores)
        else:
            mask = tf.cast(scores > 0, scores.dtype)
        return kernel * tf.cast(mask * self.scale(mask), kernel.dtype)

    def mask(self, layer: Any) -> np.ndarray:
        """Returns the mask `s > 0`, however the layer evaluates."""
        return (_keras.to_numpy(layer.scores) > 0).astype(np.int8)

    def scale(self, mask: Any) -> np.float32:
        """Returns `1 / σ(initial_score)` where masks are rescaled, and else 1."""
        return np.float32(1.0 + np.exp(-self.initial_score) if self.rescale else 1.0)

    def scores_for(self, mask: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Returns the same magnitudes, positive where the mask keeps, and negative elsewhere."""
        least = np.finfo(scores.dtype).tiny  # a score of 0 keeps nothing
        magnitudes = np.maximum(np.abs(scores), least)
        return np.where(mask != 0, magnitudes, -np.abs(scores)).astype(scores.dtype)

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_score": self.initial_score,
            "mask_penalty": self.mask_penalty,
            "final_temperature": self.final_temperature,
            "rescale": self.rescale,
            "evaluation": self.evaluation,
        }

    @staticmethod
    def _soft(layer: Any, scores: Any) -> Any:
        scores = _keras.value_of(layer.scores) if scores is None else scores
        return tf.sigmoid(_keras.value_of(layer.masker_state["temperature"]) * scores)
