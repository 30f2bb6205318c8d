"""Callbacks for `fit`; each works in both Kerases.

`PruningSummaries` and `UpdatePruningStep` are found here too. They stand where tfmot's callbacks of
these names stood and live with the rest of what does, in `tfmot_bridge`, which imports this room.
"""

from tfticket import _lazy
from tfticket.callbacks.after_pruning import AfterPruning
from tfticket.callbacks.anneal_temperature import AnnealTemperature
from tfticket.callbacks.base import Callback
from tfticket.callbacks.dynamic_sparse import DynamicSparse
from tfticket.callbacks.enforce_masks import EnforceMasks
from tfticket.callbacks.follow_density import FollowDensity
from tfticket.callbacks.prune_on_schedule import PruneOnSchedule
from tfticket.callbacks.record_rewind_point import RecordRewindPoint
from tfticket.callbacks.stop_at_early_bird import StopAtEarlyBird
from tfticket.callbacks.supermask_log import SupermaskLog

__all__ = [
    "AfterPruning",
    "AnnealTemperature",
    "Callback",
    "DynamicSparse",
    "EnforceMasks",
    "FollowDensity",
    "PruneOnSchedule",
    "PruningSummaries",  # pyright: ignore[reportUnsupportedDunderAll]
    "RecordRewindPoint",
    "StopAtEarlyBird",
    "SupermaskLog",
    "UpdatePruningStep",  # pyright: ignore[reportUnsupportedDunderAll]
]


__getattr__ = _lazy.attributes(
    __name__, dict.fromkeys(("PruningSummaries", "UpdatePruningStep"), "tfticket.tfmot_bridge")
)
