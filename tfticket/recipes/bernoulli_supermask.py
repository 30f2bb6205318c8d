"""Bernoulli supermasks: the probability that a weight is kept is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tfticket.recipes import fields
from tfticket.recipes._supermask import TrainedMask
from tfticket.recipes.base import Paper

if TYPE_CHECKING:
    from tfticket.supermasks import Masker

__all__ = ["BernoulliSupermask"]


class BernoulliSupermask(TrainedMask):
    """Train the probability that a weight is kept, and round it; train the weights beside it.

    How many weights are kept is found, not asked for.
    """

    paper: ClassVar[Paper] = Paper("Zhou et al. 2019", "https://arxiv.org/abs/1905.01067")

    rescale: bool = True
    """Whether kept weights are multiplied by the number of weights by that of kept ones."""
    scores_learning_rate: fields.ScoresLearningRate = 100.0
    scores_weight_decay: fields.ScoresWeightDecay = 0.0

    def masker(self) -> Masker:
        """See `TrainedMask`."""
        from tfticket import supermasks

        return supermasks.Bernoulli(rescale=self.rescale)
