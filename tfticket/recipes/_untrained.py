"""Networks that are measured as they are, without training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfticket.lottery import Level
    from tfticket.recipes.run.context import Run
    from tfticket.tickets import Ticket

__all__ = ["measured"]


def measured(run: Run, ticket: Ticket, model: Any = None) -> Level:
    """Measures a ticket as it is.

    Args:
        run: whatever its model holds.
        ticket: with the weights under its masks.
        model: that it is over; `None` means the run's.

    Returns:
        The level of the round that the ticket's provenance tells.
    """
    from tfticket.lottery import Level
    from tfticket.rewinding import TrainingState, capture, restore

    model = run.model if model is None else model
    restore(model, TrainingState(ticket.start_weights, {}, step=0))
    metrics, log = dict(run.evaluate(model)), {"start_step": 0, "end_step": 0}
    return Level(int(ticket.provenance.get("round", 0)), ticket, capture(model), metrics, log)
