"""Other masks written into what is there: only where they differ from those before.

Everything else of weights and slots is at its value already: steps leave it there. From one update
to the next masks differ in few places, so writing these takes as long as telling TensorFlow to,
where writing all of the masks, weights and slots takes longer than a step of a small network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfticket import _keras
from tfticket._optimizers import Slot
from tfticket.enforcement.pruned_weight import PrunedWeight

__all__ = ["Changes", "places_that_differ"]

#: Up to one place in so many; beyond, writing everything costs less. Of 266 000 weights 1 in 10 by
#: its place takes 3.2 ms, all of them 1.1 ms, 1 in 50 .7 ms.
_FEW = 64
#: Tracing spares two thirds of a call, and takes as long as some hundred calls.
_WORTH_TRACING = 100


def places_that_differ(
    before: Mapping[str, np.ndarray], after: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray] | None:
    """Returns where masks differ, by path, as places in row-major order; `None` if in many places.

    Args:
        before: masks.
        after: masks of the same paths and shapes.
    """
    differing = {p: before[p] != m for p, m in after.items()}
    num_differing = sum(int(np.count_nonzero(d)) for d in differing.values())
    if num_differing * _FEW > sum(d.size for d in differing.values()):
        return None
    return {p: np.flatnonzero(d) for p, d in differing.items()}


class Changes:
    """Writes masks, weights and slots at some places; traced once it is called time and again.

    Args:
        pruned: the masked variables by path.
    """

    def __init__(self, pruned: Mapping[str, PrunedWeight]):
        self._pruned = pruned
        self._known: list[int] | None = None
        self._num_calls = 0
        self._write: Callable[..., None]

    def __call__(
        self,
        places: Mapping[str, np.ndarray],
        masks: Mapping[str, np.ndarray],
        slots: Sequence[tuple[PrunedWeight, Slot]],
    ) -> None:
        """Lets the masks hold at some places, in row-major order, by path."""
        known = [id(slot.variable) for _, slot in slots]
        if known != self._known:  # an optimizer was attached, or has created its slots
            self._known, self._num_calls = known, 0
            self._write = _writer(self._pruned, slots)
        self._num_calls += 1
        if self._num_calls == _WORTH_TRACING:
            self._write = _traced(self._write, self._pruned)
        self._write(*(tf.constant(_rows(places[p], masks[p])) for p in self._pruned))


def can_write_in_place(variables: Iterable[Any]) -> bool:
    """Tells whether each variable is one array in one place, as not under every strategy.

    Args:
        variables: of either Keras.
    """
    return not any(isinstance(_keras.native(v), tf.distribute.DistributedValues) for v in variables)


def _rows(places: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Makes a row of each place: where it is, axis by axis, and whether it is kept."""
    at = np.unravel_index(places, mask.shape)
    return np.stack([*at, mask.reshape(-1)[places]], axis=1).astype(np.int32)


def _writer(
    pruned: Mapping[str, PrunedWeight], slots: Sequence[tuple[PrunedWeight, Slot]]
) -> Callable[..., None]:
    own = [[s for w, s in slots if w is weight] for weight in pruned.values()]

    def write(*rows: tf.Tensor) -> None:
        for some, weight, its_slots in zip(rows, pruned.values(), own, strict=True):
            if some.shape[0] != 0:
                weight.put_at(some[:, :-1], some[:, -1], its_slots)

    return write


def _traced(write: Callable[..., None], pruned: Mapping[str, PrunedWeight]) -> Callable[..., None]:
    ranks = [len(w.variable.shape) for w in pruned.values()]
    specs = [tf.TensorSpec([None, rank + 1], tf.int32) for rank in ranks]
    return tf.function(write).get_concrete_function(*specs)
