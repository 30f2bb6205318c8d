"""tfticket: sparse subnetworks of Keras models, found, trained, checked and shipped.

Nothing heavy happens at import: TensorFlow, and the one Keras a model needs, are imported when a
name below is first used. `tf.keras`, the environment and logging stay as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfticket import _lazy
from tfticket._version import __version__

if TYPE_CHECKING:
    from tfticket import (
        actions,
        callbacks,
        collapse,
        compression,
        controls,
        errors,
        export,
        factorization,
        litert,
        low_precision,
        masks,
        post_training,
        recipes,
        reports,
        schedules,
        scores,
        selection,
        slimming,
        strong_tickets,
        supermasks,
        tflite,
        tfmot_bridge,
        weight_agnostic,
        weights,
        zoo,
    )
    from tfticket.compression import Budget, compress, sensitivity
    from tfticket.enforcement import enforce
    from tfticket.experiments.comparing import compare
    from tfticket.experiments.opening import open_run
    from tfticket.experiments.reporting import write_report
    from tfticket.lottery import Level, find_ticket, train_ticket
    from tfticket.masks import Masks
    from tfticket.pruning import prune
    from tfticket.pruning_method import PruningMethod
    from tfticket.scores import Evidence
    from tfticket.selection import select
    from tfticket.tfmot_bridge import prune_low_magnitude, strip_pruning
    from tfticket.tickets import Ticket
    from tfticket.weights import Filter

_MODULES = (
    "actions",
    "callbacks",
    "collapse",
    "compression",
    "controls",
    "errors",
    "export",
    "factorization",
    "litert",
    "low_precision",
    "masks",
    "post_training",
    "recipes",
    "reports",
    "schedules",
    "scores",
    "selection",
    "slimming",
    "strong_tickets",
    "supermasks",
    "tflite",
    "tfmot_bridge",
    "weight_agnostic",
    "weights",
    "zoo",
)
_NAMES = {
    "PruningMethod": "tfticket.pruning_method",
    "Budget": "tfticket.compression",
    "Evidence": "tfticket.scores",
    "Filter": "tfticket.weights",
    "Level": "tfticket.lottery",
    "Masks": "tfticket.masks",
    "Ticket": "tfticket.tickets",
    "compare": "tfticket.experiments.comparing",
    "compress": "tfticket.compression",
    "enforce": "tfticket.enforcement",
    "find_ticket": "tfticket.lottery",
    "open_run": "tfticket.experiments.opening",
    "prune": "tfticket.pruning",
    "prune_low_magnitude": "tfticket.tfmot_bridge",
    "select": "tfticket.selection",
    "sensitivity": "tfticket.compression",
    "strip_pruning": "tfticket.tfmot_bridge",
    "train_ticket": "tfticket.lottery",
    "write_report": "tfticket.experiments.reporting",
}

__all__ = [
    "PruningMethod",
    "Budget",
    "Evidence",
    "Filter",
    "Level",
    "Masks",
    "Ticket",
    "__version__",
    "actions",
    "callbacks",
    "collapse",
    "compare",
    "compress",
    "compression",
    "controls",
    "enforce",
    "errors",
    "export",
    "factorization",
    "find_ticket",
    "litert",
    "low_precision",
    "masks",
    "open_run",
    "post_training",
    "prune",
    "prune_low_magnitude",
    "recipes",
    "reports",
    "schedules",
    "scores",
    "select",
    "selection",
    "sensitivity",
    "slimming",
    "strip_pruning",
    "strong_tickets",
    "supermasks",
    "tflite",
    "tfmot_bridge",
    "train_ticket",
    "weight_agnostic",
    "weights",
    "write_report",
    "zoo",
]


__getattr__ = _lazy.attributes(__name__, {**dict.fromkeys(_MODULES, ""), **_NAMES})


def __dir__() -> list[str]:
    return sorted(__all__)
