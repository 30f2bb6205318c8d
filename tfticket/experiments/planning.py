"""From a spec to a plan: what the spec leaves open, the network and the recipe decide."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from tfticket import _keras, zoo
from tfticket.experiments.at_initialization import AtInitialization
from tfticket.experiments.channel_pruning import ChannelPruning
from tfticket.experiments.complaints import STRUCTURED
from tfticket.experiments.determinism import restart_names, set_seeds
from tfticket.experiments.gradual import Gradual
from tfticket.experiments.methods import Iterative, Method
from tfticket.experiments.scratch import FromScratch, SparseFromScratch
from tfticket.experiments.search import Plan
from tfticket.experiments.slimming import EarlyBirdTicket, Slimming
from tfticket.experiments.spec import Spec
from tfticket.experiments.supermask import Supermask
from tfticket.experiments.training import Training
from tfticket.experiments.untrained import Untrained
from tfticket.slimming import ChannelLimits
from tfticket.supermasks import Bernoulli, EdgePopup, Masker
from tfticket.weights import Filter
from tfticket.zoo import Dataset, Entry, OptimizerConfig, references

__all__ = ["DEFAULTS", "make_plan", "notes_on"]

#: What a recipe decides where the spec does not.
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "lottery_ticket": {"action": "rewind", "rewind_to": 0, "scope": "layer"},
    "late_rewinding": {"action": "rewind", "rewind_to": "500it", "scope": "global"},
    "learning_rate_rewinding": {
        "action": "rewind_learning_rate",
        "rewind_to": 0,
        "scope": "global",
    },
    "fine_tuning": {"action": "fine_tune", "rewind_to": 0, "scope": "global"},
    "gradual": {"scope": "layer"},
    "synflow": {"score": "synflow", "rounds": 100, "scope": "global"},
    "snip": {"score": "snip", "rounds": 1, "scope": "global"},
    "grasp": {"score": "grasp", "rounds": 1, "scope": "global"},
    "magnitude_at_init": {"score": "magnitude", "rounds": 1, "scope": "global"},
    "random_at_init": {"score": "random", "rounds": 1, "scope": "global"},
    "zhou_supermask": {"score": "large_final", "scope": "layer"},
    "slimming": {"score": "scale", "scope": "global"},
    "early_bird": {"score": "scale", "scope": "global"},
    "l1_filters": {"score": "l1", "scope": "layer"},
    "scratch_e": {"scope": "global", "budget": "steps"},
    "scratch_b": {"scope": "global", "budget": "flops"},
    "edge_popup": {"scope": "layer", "learning_rate": 0.1, "weight_decay": 1e-4},
    "bernoulli_supermask": {"learning_rate": 100.0, "weight_decay": 0.0},
}
_MAX_STEPS_PER_EXECUTION = 50
_USUAL_RATE = 0.2


def make_plan(spec: Spec) -> Plan:
    """Loads the data, finds the network and decides what the spec leaves open.

    Args:
        spec: the experiment.

    Raises:
        ValueError: if network, data and settings do not fit together.
        DataUnavailableError: if the data are not on this machine.
    """
    data = zoo.load_data(spec.data, seed=spec.seed, validation_size=spec.validation_size)
    entry = _entry(spec, data)
    training = Training(
        num_steps=spec.num_steps or entry.num_steps,
        batch_size=spec.batch_size or entry.batch_size,
        seed=spec.seed,
        eval_every=spec.eval_every,
    )
    method = _method(spec, entry).in_steps(training, len(data.train))
    per_execution = spec.steps_per_execution or _largest_divisor(training, method)
    return Plan(
        build=_builder(spec, entry, data, per_execution),
        data=data,
        method=method,
        training=training,
        prunable=Filter(include=spec.include or None, exclude=spec.exclude or None),
        seed=spec.seed,
        replicates=spec.replicates,
        controls=_controls(spec),
        control_levels=spec.control_levels,
        examples_per_class=spec.examples_per_class,
    )


def notes_on(spec: Spec, data: Dataset) -> tuple[str, ...]:
    """Returns what has to be said with the figures of an experiment.

    Args:
        spec: the experiment.
        data: what it learns.
    """
    notes = [data.notes] if data.notes else []
    if spec.model.endswith(".keras") and spec.replicates > 1:
        notes.append(
            f"every replicate starts from the weights in {spec.model}: replicates differ in the"
            " order of the examples only"
        )
    return tuple(notes)


def _entry(spec: Spec, data: Dataset) -> Entry:
    entry = zoo.get_model(spec.model)
    if spec.model not in zoo.MODELS:
        entry = dataclasses.replace(entry, task=data.task)
    if entry.task != data.task:
        raise ValueError(
            f"`data` must be for {entry.task}, which the network {spec.model!r} is made for."
            f" Received: data={spec.data!r}, which is for {data.task}"
        )
    if spec.optimizer is None and spec.learning_rate is None:
        return entry
    usual = entry.optimizer
    is_other = spec.optimizer not in (None, usual.name)
    optimizer = OptimizerConfig(
        name=spec.optimizer or usual.name,
        learning_rate=spec.learning_rate or usual.learning_rate,
        options={} if is_other else usual.options,
    )
    return dataclasses.replace(entry, optimizer=optimizer)


def _method(spec: Spec, entry: Entry) -> Method:
    defaults = dict(DEFAULTS[spec.recipe])
    if spec.recipe in ("edge_popup", "bernoulli_supermask"):
        return _supermask(spec, defaults)
    if spec.recipe in STRUCTURED:
        return _structured(spec, defaults)
    scope = spec.scope or defaults["scope"]
    score = spec.score or defaults.get("score", "magnitude")
    common = {"scope": scope, "score": score, "granularity": spec.granularity}
    if "action" in defaults:
        return _iterative(spec, entry, defaults, common)
    assert spec.sparsity is not None  # the spec sees to it
    if spec.recipe == "gradual":
        return Gradual(
            spec.sparsity,
            begin_step=spec.begin_step or 0,
            end_step=spec.end_step,
            frequency=spec.frequency,
            **common,
        )
    if spec.recipe == "zhou_supermask":
        return Untrained(sparsity=spec.sparsity, **common)
    rounds = spec.rounds or defaults["rounds"]
    return AtInitialization(sparsity=spec.sparsity, rounds=rounds, **common)


def _structured(spec: Spec, defaults: Mapping[str, Any]) -> Method:
    scope = spec.scope or defaults["scope"]
    if spec.channel_sparsity is None:
        assert spec.sparsity is not None  # the spec sees to it
        return SparseFromScratch(spec.sparsity, scope, budget=defaults["budget"])
    common = {"scope": scope, "limits": ChannelLimits(round_to=spec.round_to)}
    if spec.recipe == "l1_filters":
        return ChannelPruning(spec.channel_sparsity, fine_tune_steps=spec.fine_tune_steps, **common)
    common["strength"] = spec.penalty
    if spec.recipe == "slimming":
        return Slimming(spec.channel_sparsity, fine_tune_steps=spec.fine_tune_steps, **common)
    if spec.recipe == "early_bird":
        return EarlyBirdTicket(spec.channel_sparsity, **common)
    return FromScratch(
        spec.channel_sparsity, budget=defaults["budget"], widths=spec.widths, **common
    )


def _controls(spec: Spec) -> tuple[str, ...]:
    """Random masks of single weights say nothing of channels; from scratch is a control itself."""
    if spec.recipe not in STRUCTURED or "controls" in spec.changed():
        return spec.controls
    return () if spec.recipe.startswith("scratch") else ("reinitialize",)


def _supermask(spec: Spec, defaults: Mapping[str, Any]) -> Method:
    masker: Masker = Bernoulli(rescale=True)
    if spec.sparsity is not None:
        masker = EdgePopup(1 - spec.sparsity, scope=spec.scope or defaults["scope"])
    return Supermask(
        masker,
        spec.initializer or "signed_kaiming_constant",
        spec.scores_learning_rate or defaults["learning_rate"],
        defaults["weight_decay"],
    )


def _iterative(
    spec: Spec, entry: Entry, defaults: Mapping[str, Any], common: Mapping[str, Any]
) -> Method:
    return Iterative(
        action=defaults["action"],
        rewind_to=defaults["rewind_to"] if spec.rewind_to is None else spec.rewind_to,
        sparsity=spec.sparsity,
        pruning_rate=_rates(spec, entry, common["scope"]),
        rounds=spec.rounds,
        **common,
    )


def _rates(spec: Spec, entry: Entry, scope: str) -> float | dict[str, float]:
    if spec.output_pruning_rate is not None:
        others = spec.pruning_rate or _USUAL_RATE
        return {entry.output_pattern: spec.output_pruning_rate, ".*": others}
    if spec.pruning_rate is not None:
        return spec.pruning_rate
    is_published = scope == "layer" and bool(entry.pruning_rates)
    return dict(entry.pruning_rates) if is_published else _USUAL_RATE


def _largest_divisor(training: Training, method: Method) -> int:
    """The most steps in one call such that nothing has to happen in the middle of one."""
    common = math.gcd(training.num_steps, training.eval_every or 0, *method.moments())
    return max(d for d in range(1, _MAX_STEPS_PER_EXECUTION + 1) if common % d == 0)


def _builder(spec: Spec, entry: Entry, data: Dataset, per_execution: int) -> Any:
    shape = {"input_shape": data.input_shape, "num_classes": data.num_classes}
    wanted = {k: v for k, v in shape.items() if v is not None}
    fitting = references.accepted(entry.build, wanted)

    def build(seed: int) -> Any:
        set_seeds(seed)
        restart_names(spec.keras)
        model = entry.compiled(
            keras=spec.keras,
            seed=seed,
            steps_per_execution=per_execution,
            jit_compile=spec.jit_compile,
            **fitting,
        )
        _check_optimizer(spec, entry, model)
        return model

    return build


def _check_optimizer(spec: Spec, entry: Entry, model: Any) -> None:
    given = spec.changed().keys() & {"optimizer", "learning_rate"}
    found = type(model.optimizer).__name__, float(_keras.to_numpy(model.optimizer.learning_rate))
    wanted = entry.optimizer.name, float(np.float32(entry.optimizer.learning_rate))
    if given and found != wanted:
        raise ValueError(
            f"`{min(given)}` must be left out: the network {spec.model!r} comes compiled, with"
            f" {found[0]} at {found[1]:g}. Received: {wanted[0]} at {wanted[1]:g}"
        )
