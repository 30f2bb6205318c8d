"""tfmot, extended: its functions without its wrappers, and masks into and out of its wrappers."""

from tfticket.tfmot_bridge.drop_in import (
    prunable,
    prune_low_magnitude,
    prune_scope,
    strip_pruning,
)
from tfticket.tfmot_bridge.prune_by_score import PruneByScore, connect, prune_by_score
from tfticket.tfmot_bridge.wrapped_models import read_ticket, rewind, write_ticket

__all__ = [
    "PruneByScore",
    "connect",
    "prunable",
    "prune_by_score",
    "prune_low_magnitude",
    "prune_scope",
    "read_ticket",
    "rewind",
    "strip_pruning",
    "write_ticket",
]
