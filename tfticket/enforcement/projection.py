"""Setting pruned weights to their values and clearing their slots, all in one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import tensorflow as tf

from tfticket import _keras
from tfticket._optimizers import Slot
from tfticket.enforcement.pruned_weight import PrunedWeight

__all__ = ["Projection"]

#: Tracing takes as long as some ten untraced calls; most masks are put in force once or twice.
_WORTH_TRACING = 4

Slots = Sequence[tuple[PrunedWeight, Slot]]


class Projection:
    """Writes projected weights and cleared slots; traced once it is called time and again.

    Args:
        strategy: the model's distribution strategy; with several replicas nothing is traced.
    """

    def __init__(self, strategy: Any):
        self._may_trace = strategy.num_replicas_in_sync == 1
        self._known: list[int] | None = None
        self._num_calls = 0
        self._write: Callable[[], None]

    def __call__(self, pruned: Sequence[PrunedWeight], slots: Slots) -> None:
        known = [id(slot.variable) for _, slot in slots]
        if known != self._known:  # an optimizer was attached, or has created its slots
            self._known, self._num_calls = known, 0
            self._write = partial(_write, pruned, slots)
        self._num_calls += 1
        if self._num_calls == _WORTH_TRACING and self._may_trace:
            self._write = tf.function(self._write)
        self._write()


def _write(pruned: Sequence[PrunedWeight], slots: Slots) -> None:
    for weight in pruned:
        weight.variable.assign(weight.projected(_keras.value_of(weight.variable)))
    for weight, slot in slots:
        slot.variable.assign(weight.cleared(slot))
