"""Callbacks for `fit`; each works in both Kerases."""

from tfticket.callbacks.base import Callback
from tfticket.callbacks.enforce_masks import EnforceMasks
from tfticket.callbacks.prune_on_schedule import PruneOnSchedule
from tfticket.callbacks.record_rewind_point import RecordRewindPoint

__all__ = ["Callback", "EnforceMasks", "PruneOnSchedule", "RecordRewindPoint"]
