"""The class that schedules derive from: tfmot's own, or where there is no tfmot one like it."""

from __future__ import annotations

import abc
import importlib
from typing import Any

import tensorflow as tf

from tfticket._tfmot import tfmot_or_none

__all__ = ["PruningSchedule"]


class _Alike(abc.ABC):
    """Has the interface of tfmot's `PruningSchedule`."""

    def _should_prune_in_step(
        self, step: Any, begin_step: Any, end_step: Any, frequency: Any
    ) -> tf.Tensor:
        is_over = tf.logical_and(end_step >= 0, step > end_step)
        is_turn = tf.equal(tf.math.floormod(step - begin_step, frequency), 0)
        return (step >= begin_step) & is_turn & tf.logical_not(is_over)

    @abc.abstractmethod
    def __call__(self, step: Any) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns whether to prune at a step, and how sparse."""

    @abc.abstractmethod
    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` takes."""


def _base() -> Any:
    theirs = tfmot_or_none()
    if theirs is None:
        importlib.import_module("keras")  # as tfmot does: schedules are registered in it
        return _Alike
    return theirs.sparsity.keras.PruningSchedule


PruningSchedule: Any = _base()
