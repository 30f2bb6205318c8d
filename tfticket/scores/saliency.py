"""Synaptic saliency: the general form `(∂R/∂w) · w`, with an R of one's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfticket.scores.base import Evidence, Score
from tfticket.tracing import batch_losses, mean_saliency

__all__ = ["Saliency"]


@dataclass(frozen=True)
class Saliency(Score):
    """Synaptic saliency `(∂R/∂w) · w` of any scalar R, or its absolute value.

    With R the loss on a batch the absolute value is SNIP; with the sum of outputs of a positive
    network it is SynFlow. Signed, weights that make R larger are kept first.

    >>> Saliency().needs, Saliency(lambda model, evidence: ...).needs
    (('batch', 'loss'), ())

    Args:
        objective: R, a callable `(model, evidence) -> scalar tensor` made of TensorFlow or Keras
            operations; `None` is the loss, averaged over the batches of the evidence.
        signed: whether to keep the sign.

    References:
        Tanaka et al. 2020, section 4, https://arxiv.org/abs/2006.05467
    """

    name = "saliency"
    objective: Callable[[Any, Evidence], Any] | None = None
    signed: bool = False

    @property
    def needs(self) -> tuple[str, ...]:  # type: ignore[override]
        """A batch and a loss, unless R is given."""
        return ("batch", "loss") if self.objective is None else ()

    def compute(self, model: Any, evidence: Evidence) -> dict[str, np.ndarray]:
        objective = self.objective
        if objective is None:
            functions = batch_losses(model, evidence.batches, evidence.loss)
        else:
            functions = [lambda: objective(model, evidence)]
        averaged = mean_saliency(model, evidence.weights, functions)
        return averaged if self.signed else {p: np.abs(s) for p, s in averaged.items()}
