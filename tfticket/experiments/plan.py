"""From a spec to a plan: what the spec leaves open, the network and the recipe decide."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from tfticket import _optimizers, references, zoo
from tfticket.determinism import restart_names, set_seeds
from tfticket.devices import distributed
from tfticket.experiments.naming import check_names
from tfticket.experiments.spec import ExperimentSettings, Spec
from tfticket.recipes import Recipe
from tfticket.recipes.run import Plan, Task
from tfticket.zoo import Dataset, Entry, OptimizerConfig, Training

__all__ = ["checked", "data_kept", "make_plan", "notes_on"]

#: The data that plans have in common within `data_kept`.
_KEPT: ContextVar[dict[tuple, Dataset] | None] = ContextVar("kept", default=None)

_MAX_STEPS_PER_EXECUTION = 50


def make_plan(spec: Spec, *, download: bool = False) -> Plan:
    """Loads the data, finds the network and decides what the spec leaves open.

    Args:
        spec: the experiment.
        download: whether tensorflow-datasets may download what is missing.

    Raises:
        ValueError: if network, data and settings do not fit together.
        DataUnavailableError: if the data are not on this machine.
    """
    check_names(spec, download=download)
    common = spec.common
    data = _data(common, download=download)
    entry = _entry(common, data)
    task = Task.of(common, data, entry.num_steps, entry.batch_size)
    task = dataclasses.replace(
        task, pruning_rates=entry.pruning_rates, output_pattern=entry.output_pattern
    )
    recipe = spec.recipe.resolved(task)
    per_execution = _steps_per_execution(common, task.training, recipe)
    return Plan(
        build=_builder(common, entry, data, per_execution),
        data=data,
        recipe=recipe,
        task=task,
        recipe_name=spec.recipe_name,
        seed=common.seed,
        replicates=common.replicates,
        controls=common.controls,
        control_levels=common.control_levels,
    )


def checked(plan: Plan) -> int:
    """Makes sure that a run can begin, and that the levels it is to compare will be there.

    Args:
        plan: of the run; one of its networks is built.

    Returns:
        How many rounds it will take.

    Raises:
        ValueError: if the settings do not fit network and data.
    """
    with dataclasses.replace(plan, replicates=1).run(0) as begun:
        plan.recipe.check(begun)
        last = plan.recipe.num_rounds(begun)
        plan.comparisons(last)
    return last


@contextmanager
def data_kept() -> Iterator[None]:
    """Lets plans that are made within it one after the other have the same prepared data.

    They are loaded once, and are in memory once. What a function of the user's returns is asked
    for each time, as pipelines may be gone through only once.
    """
    token = _KEPT.set({})
    try:
        yield
    finally:
        _KEPT.reset(token)


def _data(common: ExperimentSettings, *, download: bool) -> Dataset:
    given = {"seed": common.seed, "validation_size": common.validation_size}
    kept, key = _KEPT.get(), (common.data, *given.values())
    if kept is not None and key in kept:
        return kept[key]
    if kept is not None:
        kept.clear()  # before others are loaded
    data = zoo.load_data(common.data, **given, download=download)
    if kept is not None and (common.data in zoo.DATASETS or common.data.startswith("tfds:")):
        kept[key] = data
    return data


def notes_on(spec: Spec, data: Dataset) -> tuple[str, ...]:
    """Returns what has to be said with the figures of an experiment.

    Args:
        spec: the experiment.
        data: what it learns.
    """
    common = spec.common
    notes = [data.notes] if data.notes else []
    if common.model.endswith(".keras"):
        notes.append(
            f"the start is the weights in {common.model}: rewinding goes back to them, and level 0"
            " is trained on from them; reinitialize and random_sparse draw prunable weights anew,"
            " and lose what was learned before, other controls move it about"
        )
    if common.model.endswith(".keras") and common.replicates > 1:
        notes.append(
            f"every replicate starts from the weights in {common.model}: replicates differ in the"
            " order of the examples only"
        )
    return tuple(notes)


def _entry(common: ExperimentSettings, data: Dataset) -> Entry:
    entry = zoo.get_model(common.model)
    if common.model not in zoo.MODELS:
        entry = dataclasses.replace(entry, task=data.task)
    if entry.task != data.task:
        raise ValueError(
            f"`data` must be for {entry.task}, which the network {common.model!r} is made for:"
            " whole numbers, one for each example, are classes, all others are values to regress"
            f" on. Received: data={common.data!r}, which is for {data.task}"
        )
    if common.optimizer is None and common.learning_rate is None:
        return entry
    usual = entry.optimizer
    is_other = common.optimizer not in (None, usual.name)
    optimizer = OptimizerConfig(
        name=common.optimizer or usual.name,
        learning_rate=common.learning_rate or usual.learning_rate,
        options={} if is_other else usual.options,
    )
    return dataclasses.replace(entry, optimizer=optimizer)


def _steps_per_execution(common: ExperimentSettings, training: Training, recipe: Recipe) -> int:
    if common.distribution == "multi_worker" and common.keras != "tf_keras":
        raise ValueError(
            "`keras` must be tf_keras with `distribution` multi_worker: Keras 3 does not train over"
            f" several programs with TensorFlow. Received: keras={common.keras!r}"
        )
    if common.distribution is None or common.keras == "tf_keras":
        return common.steps_per_execution or _largest_divisor(training, recipe)
    if common.steps_per_execution not in (None, 1):  # its loop fails inside a distributed function
        raise ValueError(
            "`steps_per_execution` must be left out with `distribution` and Keras 3, which cannot"
            f" do several distributed updates in a call. Received: {common.steps_per_execution}"
        )
    return 1


def _largest_divisor(training: Training, recipe: Recipe) -> int:
    """The most steps in one call such that nothing has to happen in the middle of one."""
    common = math.gcd(training.num_steps, training.eval_every or 0, *recipe.moments())
    return max(d for d in range(1, _MAX_STEPS_PER_EXECUTION + 1) if common % d == 0)


def _builder(common: ExperimentSettings, entry: Entry, data: Dataset, per_execution: int) -> Any:
    shape = {"input_shape": data.input_shape, "num_classes": data.num_classes}
    wanted = {k: v for k, v in shape.items() if v is not None}
    fitting = references.accepted(entry.build, wanted)

    def build(seed: int) -> Any:
        set_seeds(seed)
        restart_names(common.keras)
        with distributed(common.distribution):
            model = entry.compiled(
                keras=common.keras,
                seed=seed,
                steps_per_execution=per_execution,
                jit_compile=common.jit_compile,
                **fitting,
            )
        _check_optimizer(common, entry, model)
        return model

    return build


def _check_optimizer(common: ExperimentSettings, entry: Entry, model: Any) -> None:
    given = common.changed().keys() & {"optimizer", "learning_rate"}
    found = type(model.optimizer).__name__, _optimizers.learning_rate(model.optimizer)
    wanted = entry.optimizer.name, float(np.float32(entry.optimizer.learning_rate))
    if given and found != wanted:
        raise ValueError(
            f"`{min(given)}` must be left out: the network {common.model!r} comes compiled, with"
            f" {found[0]} at {found[1]}. Received: {wanted[0]} at {wanted[1]:g}"
        )
