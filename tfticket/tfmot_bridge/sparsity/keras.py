"""Every name of `tfmot.sparsity.keras`: what prunes is ours, schedules and policies are tfmot's."""

from __future__ import annotations

from typing import Any

from tfticket._tfmot import tfmot
from tfticket.tfmot_bridge.drop_in import prune_low_magnitude, prune_scope, strip_pruning
from tfticket.tfmot_bridge.pruning_summaries import PruningSummaries
from tfticket.tfmot_bridge.update_pruning_step import UpdatePruningStep

__all__ = [
    "ConstantSparsity",
    "PolynomialDecay",
    "PrunableLayer",
    "PruneForLatencyOnXNNPack",
    "PruningPolicy",
    "PruningSchedule",
    "PruningSummaries",
    "UpdatePruningStep",
    "prune_low_magnitude",
    "prune_scope",
    "strip_pruning",
]

_theirs: Any = tfmot().sparsity.keras
ConstantSparsity = _theirs.ConstantSparsity
PolynomialDecay = _theirs.PolynomialDecay
PrunableLayer = _theirs.PrunableLayer
PruneForLatencyOnXNNPack = _theirs.PruneForLatencyOnXNNPack
PruningPolicy = _theirs.PruningPolicy
PruningSchedule = _theirs.PruningSchedule
