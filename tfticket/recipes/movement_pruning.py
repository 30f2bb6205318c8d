"""Movement pruning: while it is fine-tuned, a network loses what moves towards zero."""

from __future__ import annotations

from typing import ClassVar

from tfticket.recipes._one_training import PrunedInOneTraining
from tfticket.recipes.base import Paper

__all__ = ["MovementPruning"]


class MovementPruning(PrunedInOneTraining):
    """Fine-tune, keep what moves away from zero, by a cubic schedule; beside plain fine-tuning.

    For a network that comes trained for another task, as a `.keras` file: what was large for that
    one may be of no use for this. Masked weights do not come back, as the authors' may.
    """

    paper: ClassVar[Paper] = Paper("Sanh et al. 2020", "https://arxiv.org/abs/2005.07683")

    @property
    def ranked_by(self) -> str:
        """See `PrunedInOneTraining`."""
        return "movement"
