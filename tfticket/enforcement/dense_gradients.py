"""Gradients of masked weights before they are masked, gathered in the traced step now and then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfticket import _keras, _optimizers
from tfticket.enforcement.pruned_weight import PrunedWeight

__all__ = ["DenseGradients"]


class DenseGradients:
    """Holds the gradient of every `every`-th update, of all weights and not of the kept ones alone.

    A step computes it anyway: it is zeros that are multiplied with. It is written down inside the
    traced step, and in no other step is anything done. Under gradient accumulation the gradients
    of all batches of the update are added up; under loss scaling they are scaled.

    Args:
        optimizer: that the gradients are given to.
        pruned: the masked variables.
        every: updates from one gradient that is held to the next.
    """

    def __init__(self, optimizer: Any, pruned: Sequence[PrunedWeight], every: int):
        self.every = every
        self._counter = _optimizers.batch_counter(optimizer)
        self._batches = _optimizers.batches_per_step(optimizer)
        self._held = {
            _optimizers.key(w.variable): tf.Variable(
                tf.zeros(w.variable.shape, tf.float32), trainable=False, name="dense_gradient"
            )
            for w in pruned
        }

    def take(self, gradients: Sequence[Any], variables: Sequence[Any]) -> None:
        """Holds what an optimizer is given, if it is one of the updates; called in the step.

        Args:
            gradients: as they enter the optimizer.
            variables: as many.
        """
        at = tf.cast(_keras.native(self._counter), tf.int64) % (self.every * self._batches)
        first = (self.every - 1) * self._batches

        def hold() -> tf.Tensor:
            for gradient, variable in zip(gradients, variables, strict=True):
                held = self._held.get(_optimizers.key(variable))
                if held is None or gradient is None:
                    continue
                dense = tf.cast(tf.convert_to_tensor(gradient), tf.float32)
                held.assign(tf.where(at == first, dense, held + dense))
            return tf.constant(True)

        tf.cond(at >= first, hold, lambda: tf.constant(False))

    def of(self, variable: Any) -> np.ndarray:
        """Returns the gradient that is held of a variable; not to be written or kept.

        Args:
            variable: one of the masked ones.
        """
        return _keras.view(self._held[_optimizers.key(variable)])
