"""Puts tfticket's functions where tfmot's tests look for tfmot's.

tfmot's tests ask `isinstance(layer, PruneLowMagnitude)` and then look at `layer.layer`. Here
nothing is wrapped: a layer counts as one of these if it is marked for pruning, and what is "inside"
it is a view of the layer itself that tells which of its weights are pruned. The variables that
tests count and the clock that they read off a wrapper are told in the same way. Nothing else is
adapted.
"""

from __future__ import annotations

import importlib
import weakref
from typing import Any

from tfticket import callbacks, tfmot_bridge, weights
from tfticket.layouts import layouts
from tfticket.tfmot_bridge import pruning_marks
from tfticket.tfmot_bridge.update_pruning_step import PruningProgress
from tfticket.weights import Filter

PACKAGE = "tensorflow_model_optimization.python.core.sparsity.keras"


class Inside:
    """What tfmot's tests find in a wrapper: the layer, and which of its weights are pruned."""

    def __init__(self, layer: Any):
        self._layer = layer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)

    def get_prunable_weights(self) -> list[Any]:
        if not self._layer.weights:
            return []
        try:
            rule = Filter(kinds=("kernel", "embedding"))
            found = weights.prunable_weights(self._layer, rule).variables
        except ValueError:  # there are none
            return []
        axes = layouts(self._layer, found)
        return [v for p, v in found.items() if p in axes and axes[p].inputs]


class UpdatePruningStep(callbacks.UpdatePruningStep):
    """Ours, which also lets a layer find its model, whose clock it is."""

    def on_train_begin(self, logs: Any = None) -> None:
        super().on_train_begin(logs)
        for layer in _marked_layers(self.model):
            vars(layer)["_pruned_in"] = weakref.ref(self.model)


def _pruning_step(layer: Any) -> int:
    model = vars(layer).get("_pruned_in", lambda: None)()
    progress = None if model is None else PruningProgress.find(model)
    return -1 if progress is None else progress.step


class Marked(type):
    """Makes `isinstance` and calls of the class mean what they mean here."""

    def __instancecheck__(cls, layer: Any) -> bool:
        return hasattr(layer, "__dict__") and pruning_marks.mark_of(layer) is not None

    def __call__(cls, layer: Any, *args: Any, **settings: Any) -> Any:
        return tfmot_bridge.prune_low_magnitude(layer, *args, **settings)


class PruneLowMagnitude(metaclass=Marked):
    """Stands where tfmot's wrapper class stood."""


def put_in_place() -> None:
    """Replaces tfmot's functions and classes in its modules."""
    parts = {
        "prune": {
            "prune_low_magnitude": tfmot_bridge.prune_low_magnitude,
            "strip_pruning": tfmot_bridge.strip_pruning,
            "prune_scope": tfmot_bridge.prune_scope,
        },
        "pruning_callbacks": {
            "UpdatePruningStep": UpdatePruningStep,
            "PruningSummaries": callbacks.PruningSummaries,
        },
        "pruning_wrapper": {
            "PruneLowMagnitude": PruneLowMagnitude,
            "collect_prunable_layers": _marked_layers,
        },
    }
    for module, replaced in parts.items():
        for name, value in replaced.items():
            setattr(importlib.import_module(f"{PACKAGE}.{module}"), name, value)
    layer_class = importlib.import_module("tf_keras").layers.Layer
    layer_class.pruning_vars = property(lambda layer: Inside(layer).get_prunable_weights())
    layer_class.pruning_step = property(_pruning_step)
    for module in ("tfticket.tfmot_bridge.drop_in", "tfticket.tfmot_bridge.pruned_models"):
        importlib.import_module(module).mark = _mark  # type: ignore[attr-defined]


def _mark(layer: Any, wanted: Any) -> None:
    pruning_marks.mark(layer, wanted)
    vars(layer).pop("layer", None)
    if wanted is not None and not hasattr(layer, "layer"):
        vars(layer)["layer"] = Inside(layer)


def _marked_layers(model: Any) -> list[Any]:
    return [layer for _, layer, _ in pruning_marks.marked_layers(model)]
