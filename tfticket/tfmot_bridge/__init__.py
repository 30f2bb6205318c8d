"""tfmot, extended: its functions without its wrappers, and masks into and out of its wrappers.

A script written for tfmot runs after one changed line:

    from tfticket import tfmot_bridge as tfmot

`tfmot.sparsity.keras` then prunes by tfticket; `clustering`, `quantization` and `experimental` are
tfmot's own.
"""

from typing import Any

from tfticket._tfmot import tfmot
from tfticket.tfmot_bridge import sparsity
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
    "sparsity",
    "strip_pruning",
    "write_ticket",
]

_THEIRS = ("clustering", "experimental", "quantization", "version")


def __getattr__(name: str) -> Any:
    if name in _THEIRS:
        return getattr(tfmot(), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
