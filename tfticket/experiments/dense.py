"""Level 0 of methods that train once without pruning, to compare with."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from tfticket.experiments.training import Evaluate, Train
from tfticket.lottery import Level, train_ticket
from tfticket.masks import ones_like
from tfticket.rewinding import capture
from tfticket.tickets import Ticket

__all__ = ["dense_level"]


def dense_level(
    model: Any,
    train: Train,
    prunable: Mapping[str, np.ndarray],
    *,
    evaluate: Evaluate,
    provenance: Mapping[str, Any],
) -> Level:
    """Trains a model as it stands, every weight kept.

    Args:
        model: a compiled model at its initialisation.
        train: trains it.
        prunable: the weights that a mask is kept of, by path.
        evaluate: returns the metrics.
        provenance: of the level's ticket.

    Returns:
        Level 0, with the initial state among its states.
    """
    initial = capture(model)
    ticket = Ticket(ones_like(prunable), initial.weights, dict(provenance))
    level = train_ticket(model, train, ticket, evaluate=evaluate)
    return dataclasses.replace(level, states={0: initial})
