"""SNIP: pruning before training by connection sensitivity."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tfticket.recipes import fields
from tfticket.recipes._at_initialization import AtInitialization
from tfticket.recipes.base import Paper

if TYPE_CHECKING:
    from tfticket.recipes.run.context import Run
    from tfticket.scores import Evidence

__all__ = ["Snip"]


class Snip(AtInitialization):
    """Keep the weights whose absence would change the loss of one batch most."""

    paper: ClassVar[Paper] = Paper("Lee et al. 2019", "https://arxiv.org/abs/1810.02340")
    score: ClassVar[str] = "snip"

    examples_per_class: fields.ExamplesPerClass = 10

    def evidence(self, run: Run) -> Evidence:
        """See `AtInitialization`."""
        return run.evidence(self.examples_per_class)
