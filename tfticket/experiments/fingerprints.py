"""What an experiment's figures depend on, as digests: its data, network and optimizer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tfticket import _keras, _weight_decay, files, weights
from tfticket.determinism import threads
from tfticket.experiments.records import differences
from tfticket.zoo import Dataset, Split, Stream

if TYPE_CHECKING:
    from tfticket.recipes.run import Plan

__all__ = [
    "compared",
    "described",
    "described_data",
    "digest_of_settings",
    "fingerprint_of_data",
    "fingerprint_of_model",
]

_WHAT = {"data": "the data", "network": "the network", "optimizer": "the optimizer"}


def described(plan: Plan) -> dict[str, Any]:
    """Returns what a plan decided, as plain JSON values.

    Args:
        plan: any.

    Returns:
        The recipe with nothing left open, the training, the threads of this process, what is known
        of `pipelines`, and `fingerprints` of data, network and optimizer.
    """
    model, training = plan.build(plan.seed), plan.task.training
    return {
        "recipe": plan.recipe.to_dict(),
        "training": {"num_steps": training.num_steps, "batch_size": training.batch_size},
        "pipelines": described_data(plan.data),
        "threads": threads(),
        "fingerprints": {
            "data": fingerprint_of_data(plan.data),
            "network": fingerprint_of_model(model),
            "optimizer": digest_of_settings(_weight_decay.configured(model)),
        },
    }


def compared(before: Mapping[str, Any], now: Mapping[str, Any], root: Path) -> list[str]:
    """Makes sure that a run goes on with what it was begun with.

    Args:
        before: what `described` returned when it was begun.
        now: what it returns now.
        root: the run folder, for messages.

    Returns:
        Notes: with how many threads it was begun, if with another number.

    Raises:
        ValueError: if data, network or optimizer are others, or something else was decided; the
            message says what.
    """
    kept = before.get("fingerprints", {})
    others = [_WHAT[n] for n, value in now["fingerprints"].items() if kept.get(n) != value]
    if others:
        pipelines = _of_pipelines(before.get("pipelines", {}), now["pipelines"])
        raise ValueError(
            f"a run must go on with what it was begun with: {' and '.join(others)} of {root} were"
            f" others.{pipelines} Choose another folder, or give back what was there: file, seed"
            " and versions of libraries."
        )
    decided = {n: v for n, v in now.items() if n not in ("threads", "fingerprints")}
    different = differences({n: before.get(n) for n in decided}, decided)
    if different:
        raise ValueError(
            f"a run must go on as it was begun: of {root} these were otherwise (before, now):"
            f" {different}. Choose another folder."
        )
    if before.get("threads") == now["threads"]:
        return []
    return [
        f"it was begun with the threads {before.get('threads')} and goes on with {now['threads']}:"
        " levels computed before and after may differ in the last bits"
    ]


def fingerprint_of_data(data: Dataset) -> str:
    """Returns a digest over every example of train, validation and test, in order.

    Of a pipeline it is over what `described_data` tells.

    Args:
        data: any.
    """
    arrays = {
        f"{name}/{place}": np.asarray(array)
        for name, split in data.splits.items()
        if isinstance(split, Split)
        for place, array in split.arrays().items()
    }
    read = described_data(data)
    if read:
        arrays["pipelines"] = np.frombuffer(json.dumps(read, sort_keys=True).encode(), np.uint8)
    return files.digest(arrays)


def described_data(data: Dataset) -> dict[str, Any]:
    """Returns what is known of each pipeline, as plain JSON values; of arrays nothing.

    Args:
        data: any.
    """
    streams = {n: s for n, s in data.splits.items() if isinstance(s, Stream)}
    return {name: stream.survey.to_dict() for name, stream in streams.items()}


def fingerprint_of_model(model: Any) -> str:
    """Returns a digest over what a model computes with, and how.

    That is every variable, its path, shape, type and values, and the configuration of its layers
    where it has one; of a subclassed model, what it does with its variables is not in it.

    Args:
        model: built.
    """
    found = {p: _keras.to_numpy(v) for p, v in weights.variables(model).items()}
    try:
        config = json.dumps(_plain(model.get_config()))
    except (NotImplementedError, TypeError, ValueError):  # Keras cannot say
        config = type(model).__name__
    layers = getattr(model, "_flatten_layers", lambda: model.layers)()
    names = dict.fromkeys([model.name, *(layer.name for layer in layers)])
    for number, name in enumerate(names):  # Keras numbers them through a process
        config = config.replace(f'"{name}"', f'"layer {number}"')
    found["configuration"] = np.frombuffer(config.encode(), np.uint8)
    return files.digest(found)


def digest_of_settings(config: Any) -> str:
    """Returns a digest over a configuration of Keras; objects count by the name of their class.

    Args:
        config: nested lists and mappings.
    """
    return hashlib.sha256(json.dumps(_plain(config)).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in sorted(value.items())}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    is_plain = isinstance(value, (str, int, float, type(None)))
    return value if is_plain else type(value).__name__  # not where it lies in memory


def _of_pipelines(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Says what is otherwise with pipelines; nothing if all is the same."""
    found = [
        f"{name}: {what} was {known.get(what)!r} and is {value!r}"
        for name, survey in now.items()
        for known in [before.get(name, {})]
        for what, value in survey.items()
        if known.get(what) != value
    ]
    return "".join(f" {text}." for text in found)
