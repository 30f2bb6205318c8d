"""A model that is lent, perhaps trained or compiled anew meanwhile, and comes back as it was."""

from __future__ import annotations

import contextlib
import random
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfticket import _keras, weights
from tfticket.rewinding import capture, restore

__all__ = ["borrowed", "seeded"]


@contextlib.contextmanager
def borrowed(model: Any) -> Iterator[None]:
    """Puts everything back at the end, whatever was done to a model and whatever went wrong.

    Weights, optimizer and its state, what it is compiled with. A model that was not compiled stays
    compiled if it is meanwhile.

    Args:
        model: a built model of either Keras.
    """
    state, optimizer = capture(model), getattr(model, "optimizer", None)
    asked = {} if optimizer is None else dict(model._compile_config.config)
    frozen = [(layer, layer.trainable) for _, layer, _ in _keras.walk(model)]
    try:
        yield
    finally:
        for layer, trainable in frozen:
            if layer.trainable != trainable:
                layer.trainable = trainable
        weights.write(model, state.weights)
        if optimizer is not None and model.optimizer is not optimizer:
            model.compile(**{**asked, "optimizer": optimizer})
        restore(model, state)


@contextlib.contextmanager
def seeded(model: Any, name: str) -> Iterator[None]:
    """Seeds what is random by a name, so that what is done inside depends on nothing before it.

    Python's and NumPy's generators go on afterwards where they were; TensorFlow's does not.

    Args:
        model: of which Keras.
        name: of what is done.
    """
    before = random.getstate(), np.random.get_state()  # noqa: NPY002 - what `fit` shuffles by
    _keras.module(model).utils.set_random_seed(zlib.crc32(name.encode()))
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002
