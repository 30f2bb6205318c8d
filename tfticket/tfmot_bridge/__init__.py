"""tfmot, extended: its functions without its wrappers, and masks into and out of its wrappers.

A script written for tfmot runs after one changed line:

    from tfticket import tfmot_bridge as tfmot

`tfmot.sparsity.keras` then prunes by tfticket; `clustering`, `quantization` and `experimental` are
tfmot's own. Where tfmot is missing, what is not of it goes on.
"""

from typing import TYPE_CHECKING, Any

from tfticket._tfmot import tfmot, tfmot_or_none
from tfticket.tfmot_bridge.drop_in import (
    prunable,
    prune_low_magnitude,
    prune_scope,
    strip_pruning,
)
from tfticket.tfmot_bridge.pruning_summaries import PruningSummaries
from tfticket.tfmot_bridge.update_pruning_step import UpdatePruningStep
from tfticket.tfmot_bridge.wrapped_models import read_ticket, rewind, write_ticket

if TYPE_CHECKING or tfmot_or_none() is not None:
    from tfticket.tfmot_bridge import sparsity
    from tfticket.tfmot_bridge.prune_by_score import PruneByScore, connect, prune_by_score

__all__ = [
    "PruneByScore",
    "PruningSummaries",
    "UpdatePruningStep",
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
    if name in _THEIRS or name in __all__:  # what is not there of `__all__` needs tfmot
        return getattr(tfmot(), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
