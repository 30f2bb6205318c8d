"""What a search leaves behind, level by level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tfticket.masks import Masks
from tfticket.measuring import require_finite
from tfticket.rewinding import TrainingState
from tfticket.tickets import Ticket

__all__ = ["Level"]


@dataclass(frozen=True)
class Level:
    """The state after some rounds of pruning and the training that followed; 0 is dense.

    Attributes:
        round: number of pruning rounds behind it.
        ticket: the masks, and the weights this level's training started from.
        trained: everything at the end of this level's training.
        metrics: what `evaluate` returned.
        log: what `train` returned.
        states: the training states that later levels may go back to, by step.
    """

    round: int
    ticket: Ticket
    trained: TrainingState
    metrics: Mapping[str, float] = field(default_factory=dict)
    log: Any = None
    states: Mapping[int, TrainingState] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_finite(self.round, self.ticket.weights, self.trained.weights, self.metrics)

    @property
    def masks(self) -> Masks:
        """The level's masks."""
        return self.ticket.masks

    @property
    def sparsity(self) -> float:
        """Fraction of the prunable weights masked out."""
        return self.masks.sparsity

    @property
    def density(self) -> float:
        """Fraction of the prunable weights kept."""
        return self.masks.density
