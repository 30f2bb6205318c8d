"""What a search needs before it begins: checks, settings, and the order in which channels go."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfticket import _keras, files, weights
from tfticket import masks as masks_
from tfticket.compression.allocation import Allocation, Stage, allocate, marks, usual_step
from tfticket.compression.budget import Budget
from tfticket.compression.choices import Choices
from tfticket.compression.costs import Prices, in_milliseconds
from tfticket.compression.measure import Measure
from tfticket.compression.store import identity
from tfticket.compression.timing import Stopwatch
from tfticket.compression.treatment import DENSE
from tfticket.compression.workshop import Channels, Workshop
from tfticket.enforcement import in_force
from tfticket.export.checks import require_exportable
from tfticket.files import to_dict
from tfticket.graph import Graph, channel_graph
from tfticket.litert._litert import require_runtime, runtime_version
from tfticket.litert.latency import cpu
from tfticket.masks import Masks
from tfticket.slimming import channel_scores, shrink
from tfticket.slimming.channel_selection import ChannelLimits
from tfticket.tracing import lent

__all__ = ["calibration_of", "channels_of", "require_possible", "settings_of"]

_NUM_CALIBRATION = 256


def require_possible(model: Any, train: Any) -> None:
    """Makes sure, before anything long starts, that a model can be trained and written.

    Args:
        model: of either Keras.
        train: what is to train it, or `None`.

    Raises:
        TypeError, ValueError: if it cannot.
        MissingDependencyError: without the runtime.
    """
    require_runtime()
    require_exportable(model)
    if in_force(model):
        raise ValueError(
            "`model` must have no masks in force: others are put in force on it. Release them"
            " first. Received: a model with masks in force"
        )
    if train is None:
        return
    try:
        inspect.signature(train).bind(model)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "`train` must be a function of one argument, the network that it trains."
            f" Received: {train!r} ({error})"
        ) from None


def calibration_of(choices: Choices, measure: Measure) -> Any:
    """Returns typical inputs: those given, or the first of the validation data.

    Args:
        choices: has them, perhaps.
        measure: on validation data.

    Raises:
        ValueError: if there are neither.
    """
    if choices.representative_data is not None:
        return choices.representative_data
    if measure.examples is None:
        raise ValueError(
            "`representative_data` must be given if `validation` is a function: typical inputs that"
            " files are compared on. Received: neither"
        )
    return tf.nest.map_structure(lambda a: np.asarray(a)[:_NUM_CALIBRATION], measure.examples[0])


def settings_of(
    model: Any,
    train: Any,
    measure: Measure,
    taken: Mapping[str, np.ndarray],
    budget: Budget,
    choices: Choices,
) -> dict[str, Any]:
    """Returns what measurements depend on: not limits or goal, nor how much may be tried.

    Args:
        model: the model.
        train: trains networks; its name counts.
        measure: the metric.
        taken: typical inputs by name.
        budget: says how times are taken.
        choices: say how networks are made.
    """
    return {
        "keras": _keras.flavour(model),
        **identity(model),
        "validation": measure.digest(),
        "representative_data": files.digest(taken),
        "train": _name(train),
        "batch_size": budget.batch_size,
        "num_threads": budget.num_threads,
        "allocation": choices.allocation,
        "round_to": choices.round_to,
        "prunable": repr(choices.prunable)
        if isinstance(choices.prunable, (str, list, tuple))
        else _name(choices.prunable),
        "verify": choices.verify,
        "latency": _name(choices.latency) or f"{runtime_version()} on {cpu()}",
    }


def _name(function: Any) -> str:
    if function is None:
        return ""
    return getattr(function, "__qualname__", type(function).__name__)


def channels_of(workshop: Workshop, stopwatch: Stopwatch) -> tuple[Channels | None, list[str]]:
    """Finds the channels of a model, and in which order they are to go.

    Args:
        workshop: of the model.
        stopwatch: prices channels in time, where time is what counts.

    Returns:
        The channels, `None` if none can go, and what has to be said of that.
    """
    try:
        graph = channel_graph(workshop.model)
        graph.require_groups()
    except ValueError as error:
        reason = str(error).splitlines()[0]
        return None, [f"no channels were removed: {reason}"]
    scores = channel_scores(workshop.model, graph, "l1")
    cost = stopwatch.budget.cost
    name = f"{workshop.choices.allocation} by {cost}"
    known = workshop.store.get("allocations", name)
    if known is None:
        step = workshop.choices.round_to or usual_step(cost, scores)
        prices = Prices.of(workshop.model, graph, cost)
        if cost == "latency":
            prices = _timed(workshop, stopwatch, graph, scores, prices)
        found = allocate(
            graph,
            scores,
            prices,
            workshop.choices.allocation,
            damage=_Damage(workshop),
            limits=ChannelLimits(round_to=step),
        )
        known = to_dict(found)
        workshop.store.put("allocations", name, known)
    stages = tuple(Stage(s["removed"], s["kept"]) for s in known["stages"])
    return Channels(graph, scores, Allocation(stages)), []


def _timed(
    workshop: Workshop,
    stopwatch: Stopwatch,
    graph: Graph,
    scores: Mapping[str, np.ndarray],
    prices: Prices,
) -> Prices:
    """Prices channels by the time that files without half of a group's were measured to save."""
    probes: dict[str, Masks] = {}
    with tempfile.TemporaryDirectory(prefix="tfticket_") as folder:
        paths = []
        for number, (name, own) in enumerate(scores.items()):
            half = {**{n: len(s) for n, s in scores.items()}, name: -(-len(own) // 2)}
            probes[name] = graph.masks(marks(scores, half))
            smaller = shrink(workshop.model, probes[name]).model
            paths.append(Path(folder) / f"{number}.tflite")
            workshop.write(workshop.source(smaller), DENSE, "float32", paths[-1], verify=False)
        whole, *times = stopwatch.time(stopwatch.reference, *paths)
    saved = {name: whole.p50_ms - spread.p50_ms for name, spread in zip(probes, times, strict=True)}
    return in_milliseconds(prices, saved, probes)


class _Damage:
    """How far the outputs of a model are from its dense ones under masks, over their variance.

    Args:
        workshop: has the model and typical inputs.
    """

    def __init__(self, workshop: Workshop):
        self._model, given = workshop.model, workshop.given
        self._held = weights.read_all(self._model)
        taken = given.take(workshop.calibration, None)
        size = given.fixed_batch_size or _NUM_CALIBRATION
        self._flat = [tf.constant(array[:size]) for array in taken.values()]

        @tf.function
        def outputs(flat: Any) -> list[Any]:
            return tf.nest.flatten(self._model(given.pack(flat), training=False))

        self._outputs = outputs
        self._dense = self._now()

    def _now(self) -> list[np.ndarray]:
        return [np.asarray(o, np.float64) for o in self._outputs(self._flat)]

    def __call__(self, masks: Masks) -> float:
        """Returns the mean over the outputs."""
        touched = {p: m for p, m in masks.items() if not m.all()}
        written = masks_.apply({p: self._held[p] for p in touched}, Masks(touched))
        with lent(self._model, written):
            found = self._now()
        parts = [
            float(np.mean((f - d) ** 2) / max(float(np.var(d)), 1e-30))
            for f, d in zip(found, self._dense, strict=True)
        ]
        return float(np.mean(parts)) if all(np.isfinite(parts)) else float("inf")
