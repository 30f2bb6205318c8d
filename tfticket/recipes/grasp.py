"""GraSP: pruning before training by gradient flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tfticket.recipes import fields
from tfticket.recipes._at_initialization import AtInitialization
from tfticket.recipes.base import Paper

if TYPE_CHECKING:
    from tfticket.recipes.run.context import Run
    from tfticket.scores import Evidence

__all__ = ["GraSP"]


class GraSP(AtInitialization):
    """Keep the weights whose absence would weaken the gradient of one batch most."""

    paper: ClassVar[Paper] = Paper("Wang et al. 2020", "https://arxiv.org/abs/2002.07376")
    score: ClassVar[str] = "grasp"

    examples_per_class: fields.ExamplesPerClass = 10

    def evidence(self, run: Run) -> Evidence:
        """See `AtInitialization`."""
        return run.evidence(self.examples_per_class)
