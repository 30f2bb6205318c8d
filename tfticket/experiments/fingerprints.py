"""What an experiment's figures depend on, as digests: its data, network and optimizer."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import tensorflow as tf

from tfticket import _keras, files, weights
from tfticket.recipes.run import Plan
from tfticket.zoo import Dataset, Split, Stream

__all__ = ["described", "described_data", "fingerprint_of_data", "fingerprint_of_model"]


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
        "controls": list(plan.arms),
        "pipelines": described_data(plan.data),
        "threads": {
            "inter_op": tf.config.threading.get_inter_op_parallelism_threads(),
            "intra_op": tf.config.threading.get_intra_op_parallelism_threads(),
        },
        "fingerprints": {
            "data": fingerprint_of_data(plan.data),
            "network": fingerprint_of_model(model),
            "optimizer": _of_configuration(model.optimizer.get_config()),
        },
    }


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
    """Returns a digest over every variable of a model: its path, shape, type and values.

    Args:
        model: built.
    """
    return files.digest({p: _keras.to_numpy(v) for p, v in weights.variables(model).items()})


def _of_configuration(config: Any) -> str:
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
