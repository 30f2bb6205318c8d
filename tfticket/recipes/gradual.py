"""Gradual pruning inside one training, beside the same training without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tfticket.recipes import fields
from tfticket.recipes._one_training import PrunedInOneTraining
from tfticket.recipes.base import Paper

if TYPE_CHECKING:
    from tfticket.recipes.run.context import Run
    from tfticket.scores import Evidence

__all__ = ["Gradual"]


class Gradual(PrunedInOneTraining):
    """Prune inside one training, by a cubic schedule, beside the same training without.

    The ticket has the final masks and the initial weights; the network itself is what training
    with the schedule leaves.
    """

    paper: ClassVar[Paper] = Paper("Zhu & Gupta 2017", "https://arxiv.org/abs/1710.01878")

    score: fields.Score = "magnitude"
    examples_per_class: fields.ExamplesPerClass = 10

    @property
    def ranked_by(self) -> Any:
        """See `PrunedInOneTraining`."""
        return self.score

    def evidence(self, run: Run) -> Evidence:
        """See `PrunedInOneTraining`."""
        return run.evidence(self.examples_per_class)
