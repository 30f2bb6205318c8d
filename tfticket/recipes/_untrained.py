"""Networks that are measured as they are, without training."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfticket.lottery import Level
    from tfticket.recipes.run.context import Run
    from tfticket.tickets import Ticket

__all__ = ["measured"]


def measured(run: Run, ticket: Ticket) -> Level:
    """Measures a ticket as it is.

    Args:
        run: whatever its model holds.
        ticket: with the weights under its masks.

    Returns:
        The level of the round that the ticket's provenance tells.
    """
    from tfticket.lottery import Level
    from tfticket.rewinding import TrainingState, capture, restore

    restore(run.model, TrainingState(ticket.start_weights, {}, step=0))
    metrics, log = dict(run.evaluate(run.model)), {"start_step": 0, "end_step": 0}
    return Level(int(ticket.provenance.get("round", 0)), ticket, capture(run.model), metrics, log)
