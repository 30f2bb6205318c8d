"""Edge-popup: trained scores choose among weights that are not trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tfticket.recipes import fields
from tfticket.recipes._supermask import TrainedMask
from tfticket.recipes.base import Paper

if TYPE_CHECKING:
    from tfticket.supermasks import Masker

__all__ = ["EdgePopup"]


class EdgePopup(TrainedMask):
    """Train scores, keep the weights of the largest; train the weights beside it."""

    paper: ClassVar[Paper] = Paper("Ramanujan et al. 2020", "https://arxiv.org/abs/1911.13299")

    sparsity: fields.Sparsity = 0.5
    """Fraction of the weights masked out, from the first step on; about half is best."""
    scope: fields.Scope = "layer"
    scores_learning_rate: fields.ScoresLearningRate = 0.1
    scores_weight_decay: fields.ScoresWeightDecay = 1e-4

    def masker(self) -> Masker:
        """See `TrainedMask`."""
        from tfticket import supermasks

        return supermasks.EdgePopup(1 - self.sparsity, scope=self.scope)
