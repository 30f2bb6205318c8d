"""Models on several devices: looked at as on one, whether or not a strategy's scope is open."""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import os
from collections.abc import Callable
from typing import Any, TypeVar

from tfticket._lazy import tf

__all__ = ["Workers", "distributed", "outside_scopes", "read_outside_steps"]

Found = TypeVar("Found")


def distributed(name: str | None) -> contextlib.AbstractContextManager[Any]:
    """Returns the scope in which a model is made and compiled that trains on several devices.

    Args:
        name: `"mirrored"`, over all GPUs of this machine, or without any over its logical CPUs;
            `"multi_worker"`, over the machines that `TF_CONFIG` names; `None` means the usual
            device.
    """
    if name is None:
        return contextlib.nullcontext()
    return (Workers.join().strategy if name == "multi_worker" else _mirrored()).scope()


@functools.cache
def _mirrored() -> Any:
    """One strategy for all models: variables of two do not mix."""
    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return tf.distribute.MirroredStrategy([device.name for device in found])


class Workers:
    """The programs, as a rule one on each machine, that train one network together.

    Each runs the same program; which one this is, and where the others are, the environment
    variable `TF_CONFIG` says in JSON, as TensorFlow defines it.

    Attributes:
        strategy: `tf.distribute.MultiWorkerMirroredStrategy`, one for all models.
        index: of this program, from 0 on.
    """

    def __init__(self):
        if not os.environ.get("TF_CONFIG"):
            raise ValueError(
                "`TF_CONFIG` must be set in the environment of every worker, such as"
                ' {"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker",'
                ' "index": 0}}. Received: none'
            )
        try:
            self.strategy = tf.distribute.MultiWorkerMirroredStrategy()
        except RuntimeError as error:
            raise RuntimeError(
                "workers must find each other before anything else of TensorFlow runs: start a"
                f" program of its own for each, such as `tfticket find`. TensorFlow says: {error}"
            ) from error
        except ValueError as error:  # json's are among them
            raise ValueError(
                f"`TF_CONFIG` cannot be read: {error}. Received: {os.environ['TF_CONFIG']}"
            ) from error
        self.index = int(self.strategy.cluster_resolver.task_id or 0)

    @staticmethod
    @functools.cache
    def join() -> Workers:
        """Waits until all workers are there, the first time, and returns them.

        Raises:
            ValueError: if `TF_CONFIG` is missing or cannot be read.
            RuntimeError: if TensorFlow is at work in this program already.
        """
        return Workers()

    def agree_on(self, digest: str) -> bool:
        """Returns, when every worker has called it, whether all have given the same.

        Args:
            digest: hexadecimal, of at least 15 digits, of which 15 are compared.
        """
        own = self.strategy.run(lambda: tf.constant([int(digest[:15], 16)], tf.int64))
        return len(set(self.strategy.gather(own, axis=0).numpy().tolist())) == 1


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
