"""Models on several devices: looked at as on one, whether or not a strategy's scope is open."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable
from typing import Any, TypeVar

import tensorflow as tf

__all__ = ["outside_scopes", "read_outside_steps"]

Found = TypeVar("Found")


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
