"""What is to be pruned in a model and how, kept on its layers until a callback follows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tfticket import _keras
from tfticket.layouts import Layout, layouts
from tfticket.schedules import OneShot, Schedule
from tfticket.selection import Granularity, Unstructured
from tfticket.weights import Filter, Prunable, prunable_weights, variables

__all__ = ["PruningMark", "mark", "mark_of", "marked_layers", "planned"]

_MARK = "_tfticket_mark"
_KINDS = Filter(kinds=("kernel", "embedding"))
REASON_UNMARKED = "its layer is not marked for pruning"
REASON_NOTHING = "neither a trainable kernel nor an embedding"
REASON_DEPTHWISE = "a depthwise kernel: tfmot leaves these dense, and so is it here"


@dataclass(frozen=True)
class PruningMark:
    """How the weights of one layer are to be pruned, by magnitude and each ranked by itself.

    Args:
        schedule: how sparse by when, by a step clock.
        granularity: the unit that is masked together.
    """

    schedule: Schedule
    granularity: Granularity = field(default_factory=Unstructured)

    def suited_to(self, shape: tuple[int, ...], layout: Layout) -> PruningMark:
        """Returns the mark with the one sparsity that a weight can have, as n:m demands it.

        Args:
            shape: shape of the weight.
            layout: which of its axes are inputs and outputs.
        """
        sparsity_of = getattr(self.granularity, "sparsity_of", None)
        only = None if sparsity_of is None else sparsity_of(shape, layout)
        if only is None or only == self.schedule.curve(1.0):
            return self
        return replace(self, schedule=_ending_at(self.schedule, only))


def _ending_at(schedule: Any, sparsity: float) -> Schedule:
    if not hasattr(schedule, "final_sparsity"):  # a curve of the caller's own
        return OneShot(sparsity, begin_step=schedule.begin_step)
    settings = {"final_sparsity": sparsity}
    if hasattr(schedule, "initial_sparsity"):
        settings["initial_sparsity"] = min(schedule.initial_sparsity, sparsity)
    return replace(schedule, **settings)


def mark(layer: Any, wanted: PruningMark | None) -> None:
    """Says how a layer, with all that is inside it, is to be pruned; `None` takes it back.

    Args:
        layer: a layer of either Keras, built or not.
        wanted: its mark.
    """
    # Past `__setattr__`, which would track what it is given as part of the layer.
    vars(layer).pop(_MARK, None)
    if wanted is not None:
        vars(layer)[_MARK] = wanted


def mark_of(layer: Any) -> PruningMark | None:
    """Returns a layer's own mark."""
    return vars(layer).get(_MARK)


def marked_layers(model: Any) -> Iterator[tuple[str, Any, PruningMark]]:
    """Yields `(path, layer, mark)` for every marked layer of a model, each once."""
    for path, layer, _ in _keras.walk(model):
        own = mark_of(layer)
        if own is not None:
            yield path, layer, own


def planned(model: Any) -> tuple[dict[str, PruningMark], Prunable]:
    """Finds the weights that will be pruned, and the reason for each that will not.

    Args:
        model: a built model of either Keras.

    Returns:
        The mark of each weight by path, in the order of the model, and the same weights as a
        `Prunable`, which prints as a table.
    """
    marks = {path: own for path, _, own in marked_layers(model)}
    found = _eligible(model)
    axes = layouts(model, found.variables)
    declared = _declared(model)
    plan, report = {}, Prunable({}, dict(found.skipped))
    for path, variable in found.variables.items():
        own = _nearest(marks, path)
        if own is None:
            report.skipped[path] = REASON_UNMARKED
        elif not axes[path].inputs and len(variable.shape) > 1 and id(variable) not in declared:
            report.skipped[path] = REASON_DEPTHWISE
        else:
            report.variables[path] = variable
            plan[path] = own.suited_to(tuple(variable.shape), axes[path])
    return plan, report


def _eligible(model: Any) -> Prunable:
    paths = variables(model)  # raises where the model is not built
    try:
        return prunable_weights(model, _KINDS)
    except ValueError:  # there is none
        return Prunable({}, dict.fromkeys(paths, REASON_NOTHING))


def _nearest(marks: dict[str, PruningMark], path: str) -> PruningMark | None:
    """The mark of the innermost marked layer that a weight is in."""
    while path:
        path = path.rpartition("/")[0]
        if path in marks:
            return marks[path]
    return None


def _declared(model: Any) -> set[int]:
    """The variables that layers name themselves in tfmot's `get_prunable_weights`."""
    named = (getattr(layer, "get_prunable_weights", None) for _, layer, _ in _keras.walk(model))
    return {id(v) for method in named if method is not None for v in method()}
