"""Callbacks for `fit`; each works in both Kerases."""

from tfticket.callbacks.after_pruning import AfterPruning
from tfticket.callbacks.base import Callback
from tfticket.callbacks.enforce_masks import EnforceMasks
from tfticket.callbacks.follow_density import FollowDensity
from tfticket.callbacks.prune_on_schedule import PruneOnSchedule
from tfticket.callbacks.pruning_summaries import PruningSummaries
from tfticket.callbacks.record_rewind_point import RecordRewindPoint
from tfticket.callbacks.stop_at_early_bird import StopAtEarlyBird
from tfticket.callbacks.supermask_log import SupermaskLog
from tfticket.callbacks.update_pruning_step import UpdatePruningStep

__all__ = [
    "AfterPruning",
    "Callback",
    "EnforceMasks",
    "FollowDensity",
    "PruneOnSchedule",
    "PruningSummaries",
    "RecordRewindPoint",
    "StopAtEarlyBird",
    "SupermaskLog",
    "UpdatePruningStep",
]
