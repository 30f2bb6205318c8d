"""How far each weight moves away from zero, to first order, summed up in the traced step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfticket import _keras, _optimizers
from tfticket.enforcement.pruned_weight import PrunedWeight

__all__ = ["MovementSums"]


class MovementSums:
    """Sums `−w · ∂L/∂w` of every masked variable over the updates of an optimizer.

    Under loss scaling gradients are divided by the scale, and an update that is skipped because one
    of them is not finite is not counted. Under gradient accumulation every batch counts.

    Args:
        optimizer: that the gradients are given to.
        pruned: the masked variables.
        earlier: sums of the same variables to go on with, under another optimizer for instance.
    """

    def __init__(
        self, optimizer: Any, pruned: Sequence[PrunedWeight], earlier: MovementSums | None = None
    ):
        self._optimizer = optimizer
        self._sums = {} if earlier is None else dict(earlier._sums)
        for weight in pruned:
            key = _optimizers.key(weight.variable)
            if key not in self._sums:
                zeros = tf.zeros(weight.variable.shape, tf.float32)
                self._sums[key] = tf.Variable(zeros, trainable=False, name="movement")

    def continues(self, earlier: MovementSums | None) -> bool:
        """Returns whether what is summed here goes on with the sums of another.

        Args:
            earlier: the other; `None` goes on with whatever is there.
        """
        return earlier is None or all(self._sums.get(k) is v for k, v in earlier._sums.items())

    def take(self, gradients: Sequence[Any], variables: Sequence[Any]) -> None:
        """Adds what an optimizer is given; called in the step.

        Args:
            gradients: as they enter the optimizer.
            variables: as many.
        """
        scale = _optimizers.loss_scale(self._optimizer)
        dense = {
            _optimizers.key(v): (tf.cast(tf.convert_to_tensor(g), tf.float32), _keras.native(v))
            for g, v in zip(gradients, variables, strict=True)
            if g is not None
        }
        finite = [tf.reduce_all(tf.math.is_finite(g)) for g, _ in dense.values()]
        for key, total in self._sums.items():
            if key not in dense:
                continue
            gradient, weight = dense[key]
            if scale is not None:
                gradient = gradient / tf.cast(scale, tf.float32)
                gradient = tf.where(tf.reduce_all(finite), gradient, 0.0)
            total.assign_sub(tf.cast(weight, tf.float32) * gradient)

    def of(self, variable: Any) -> np.ndarray:
        """Returns the sum of a variable, of its shape; not to be written or kept.

        Args:
            variable: one of the masked ones.
        """
        return _keras.view(self._sums[_optimizers.key(variable)])
