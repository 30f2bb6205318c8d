"""One seed for everything random in the process, and operations that give the same bits again."""

from __future__ import annotations

import importlib
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from tfticket import _keras

__all__ = ["deterministic", "restart_names", "seeded", "set_seeds", "set_threads", "threads"]


@contextmanager
def deterministic(seed: int) -> Iterator[None]:
    """Makes TensorFlow's operations deterministic and everything random seeded, for a while.

    Args:
        seed: see `seeded`.
    """
    import tensorflow as tf

    # The public API can turn it on and not off.
    from tensorflow.python.framework import config  # pyright: ignore[reportAttributeAccessIssue]

    was_on = config.is_op_determinism_enabled()
    tf.config.experimental.enable_op_determinism()
    try:
        with seeded(seed):
            yield
    finally:
        if not was_on:
            config.disable_op_determinism()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seeds everything random, and puts back the states of Python's and NumPy's generators.

    TensorFlow's seed stays set: it cannot be read.

    Args:
        seed: a non-negative integer.
    """
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    set_seeds(seed)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002


def set_seeds(seed: int) -> None:
    """Seeds Python, NumPy, TensorFlow and every Keras the program has imported.

    Args:
        seed: a non-negative integer.
    """
    import tensorflow as tf

    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    tf.random.set_seed(seed)
    for name in _keras.FLAVOURS:
        if name in sys.modules:
            sys.modules[name].utils.set_random_seed(seed)


def threads() -> dict[str, int]:
    """Returns how many threads TensorFlow was told to use, `inter_op` and `intra_op`; 0 is its own
    choice.
    """
    import tensorflow as tf

    return {
        "inter_op": tf.config.threading.get_inter_op_parallelism_threads(),
        "intra_op": tf.config.threading.get_intra_op_parallelism_threads(),
    }


def set_threads(inter_op: int, intra_op: int) -> None:
    """Tells TensorFlow how many threads to use; with others, sums may differ in the last bits.

    Args:
        inter_op: for operations beside each other; 0 is TensorFlow's own choice.
        intra_op: within one.

    Raises:
        RuntimeError: if TensorFlow has begun with others.
    """
    import tensorflow as tf

    if threads() != {"inter_op": inter_op, "intra_op": intra_op}:
        tf.config.threading.set_inter_op_parallelism_threads(inter_op)
        tf.config.threading.set_intra_op_parallelism_threads(intra_op)


def restart_names(keras: str) -> None:
    """Makes Keras number unnamed layers from the beginning again.

    Otherwise the second model of a process has other weight paths than the first one of the
    process that goes on with the run.

    Args:
        keras: `"keras"` or `"tf_keras"`.
    """
    backend = _keras.module(keras).backend
    if hasattr(backend, "reset_uids"):
        backend.reset_uids()
    else:  # Keras 3 only has it inside; its `clear_session` would drop the user's settings too
        importlib.import_module("keras.src.utils.naming").reset_uids()
