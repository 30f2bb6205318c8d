"""Models on several devices: looked at as on one, whether or not a strategy's scope is open."""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
from collections.abc import Callable
from typing import Any, TypeVar

import tensorflow as tf

__all__ = ["distributed", "outside_scopes", "read_outside_steps"]

Found = TypeVar("Found")


def distributed(name: str | None) -> contextlib.AbstractContextManager[Any]:
    """Returns the scope in which a model is made and compiled that trains on several devices.

    Args:
        name: `"mirrored"`, over all GPUs of this machine, or without any over its logical CPUs;
            `None` means the usual device.
    """
    return contextlib.nullcontext() if name is None else _mirrored().scope()


@functools.cache
def _mirrored() -> Any:
    """One strategy for all models: variables of two do not mix."""
    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return tf.distribute.MirroredStrategy([device.name for device in found])


def outside_scopes(function: Callable[[], Found]) -> Found:
    """Calls a function where no `tf.distribute` scope is open, and returns what it returns.

    Inside a scope, as tf_keras' `fit` opens one around its callbacks, Keras losses refuse to be
    called and gradients by a variable do not exist.

    Args:
        function: called once, without arguments.
    """
    if not tf.distribute.in_cross_replica_context():
        return function()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:  # scopes belong to threads
        return pool.submit(function).result()


def read_outside_steps(variable: Any) -> Any:
    """Returns the copy of a `tf.Variable` that models read outside of training steps.

    Args:
        variable: on one device, or on several that hold the same values.
    """
    return getattr(variable, "values", (variable,))[0]
