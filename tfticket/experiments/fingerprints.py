"""What an experiment's figures depend on, as digests: its data, network and optimizer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from tfticket import _keras, weights
from tfticket.recipes.run import Plan
from tfticket.zoo import Dataset

__all__ = ["described", "fingerprint_of_data", "fingerprint_of_model"]


def described(plan: Plan) -> dict[str, Any]:
    """Returns what a plan decided, as plain JSON values.

    Args:
        plan: any.

    Returns:
        The recipe with nothing left open, the training, the threads of this process, and
        `fingerprints` of data, network and optimizer.
    """
    model, training = plan.build(plan.seed), plan.task.training
    return {
        "recipe": plan.recipe.to_dict(),
        "training": {"num_steps": training.num_steps, "batch_size": training.batch_size},
        "controls": list(plan.arms),
        "threads": {
            "inter_op": tf.config.threading.get_inter_op_parallelism_threads(),
            "intra_op": tf.config.threading.get_intra_op_parallelism_threads(),
        },
        "fingerprints": {
            "data": fingerprint_of_data(plan.data),
            "network": fingerprint_of_model(model),
            "optimizer": _digest([json.dumps(_plain(model.optimizer.get_config())).encode()]),
        },
    }


def fingerprint_of_data(data: Dataset) -> str:
    """Returns a digest over every example of train, validation and test, in order.

    Args:
        data: any.
    """
    splits = (data.train, data.validation, data.test)
    return _digest(part for s in splits for array in (s.x, s.y) for part in _of_array(array))


def fingerprint_of_model(model: Any) -> str:
    """Returns a digest over every variable of a model: its path, shape, type and values.

    Args:
        model: built.
    """
    found = weights.variables(model)
    return _digest(
        part for p, v in found.items() for part in (p.encode(), *_of_array(_keras.to_numpy(v)))
    )


def _of_array(array: Any) -> tuple[bytes, memoryview]:
    array = np.ascontiguousarray(array)
    return f"{array.shape}{array.dtype.str}".encode(), memoryview(array.reshape(-1).view(np.uint8))


def _digest(parts: Iterable[bytes | memoryview]) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(part)
    return found.hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in sorted(value.items())}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value if isinstance(value, (str, int, bool, type(None))) else repr(value)
