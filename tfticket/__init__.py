"""tfticket: sparse subnetworks of Keras models, found, trained, checked and shipped.

Nothing heavy happens at import: TensorFlow, and the one Keras a model needs, are imported when a
name below is first used. `tf.keras`, the environment and logging stay as they are.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tfticket._version import __version__

if TYPE_CHECKING:
    from tfticket import (
        actions,
        callbacks,
        collapse,
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
    "PruningMethod": "pruning_method",
    "Evidence": "scores",
    "Filter": "weights",
    "Level": "lottery",
    "Masks": "masks",
    "Ticket": "tickets",
    "compare": "experiments.comparing",
    "enforce": "enforcement",
    "find_ticket": "lottery",
    "open_run": "experiments.opening",
    "prune": "pruning",
    "prune_low_magnitude": "tfmot_bridge",
    "select": "selection",
    "strip_pruning": "tfmot_bridge",
    "train_ticket": "lottery",
    "write_report": "experiments.reporting",
}

__all__ = [
    "PruningMethod",
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


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"tfticket.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(f"tfticket.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'tfticket' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
