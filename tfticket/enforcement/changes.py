"""Other masks written into what is there: only where they differ from those before.

Everything else of weights and slots is at its value already: steps leave it there. From one update
to the next masks differ in few places, so writing these takes as long as telling TensorFlow to,
where writing all of the masks, weights and slots takes longer than a step of a small network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfticket import _keras
from tfticket._optimizers import Slot
from tfticket.enforcement.projection import is_one_array_on_cpu
from tfticket.enforcement.pruned_weight import PrunedWeight
from tfticket.errors import MismatchError
from tfticket.masks import Masks

__all__ = [
    "Changes",
    "after_moves",
    "are_few",
    "as_places",
    "places_moved",
    "places_that_differ",
]

#: Up to one place in so many; beyond, writing everything costs less.
_FEW = 64
#: Tracing takes as long as some fifty calls that are not traced take longer; most masks are put in
#: force once or twice.
_WORTH_TRACING = 20


def places_that_differ(
    before: Mapping[str, np.ndarray], after: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Returns where masks differ, by path, in row-major order; no path of the very same array.

    Args:
        before: booleans by path.
        after: booleans of the same paths and shapes.
    """
    others = {p: m for p, m in after.items() if before[p] is not m}
    return {p: np.flatnonzero(before[p] != m) for p, m in others.items()}


def are_few(places: Mapping[str, np.ndarray], masks: Mapping[str, np.ndarray]) -> bool:
    """Tells whether places of masks are so few that they are better written one by one.

    Args:
        places: integers by path.
        masks: booleans by path.
    """
    return sum(p.size for p in places.values()) * _FEW <= sum(m.size for m in masks.values())


def as_places(moves: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Returns integers by path as arrays of one type, whatever kind they are of.

    Args:
        moves: places by path, in arrays or lists.

    Raises:
        TypeError: if there are others than integers.
    """
    found = {path: np.asarray(places) for path, places in moves.items()}
    wrong = {p: str(a.dtype) for p, a in found.items() if a.size and a.dtype.kind not in "iu"}
    if wrong:
        raise TypeError(f"places of masks must be integers. Received: {wrong}")
    return {path: array.astype(np.intp, copy=False).reshape(-1) for path, array in found.items()}


def after_moves(
    masks: Masks, dropped: Mapping[str, np.ndarray], grown: Mapping[str, np.ndarray]
) -> Masks:
    """Returns masks without some places and with others.

    Args:
        masks: the masks before.
        dropped: integers by path: places in row-major order.
        grown: likewise; of places in both, this holds.

    Raises:
        MismatchError: if a path is not masked.
        IndexError: if there is no such place.
    """
    unknown = [p for p in (*dropped, *grown) if p not in masks]
    if unknown:
        raise MismatchError(f"`dropped` and `grown` must be of masked weights. Received: {unknown}")
    arrays = dict(masks)
    for moves, kept in ((dropped, False), (grown, True)):
        for path, places in moves.items():
            if places.size and places.min() < 0:
                raise IndexError(f"places must be at least 0. Received: {places.min()} in {path!r}")
            arrays[path] = _with(arrays[path], places, kept) if places.size else arrays[path]
    return Masks(arrays)


def places_moved(
    before: Masks,
    after: Masks,
    dropped: Mapping[str, np.ndarray],
    grown: Mapping[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """Returns where masks differ after moves, by path, each place at least once.

    Args:
        before: the masks before.
        after: what `after_moves` returned.
        dropped: as for `after_moves`.
        grown: as for `after_moves`.
    """
    found = {}
    for path in {*dropped, *grown}:
        places = np.concatenate([m[path] for m in (dropped, grown) if path in m])
        is_other = before[path].reshape(-1)[places] != after[path].reshape(-1)[places]
        found[path] = places[is_other]
    return found


def _with(mask: np.ndarray, places: np.ndarray, kept: bool) -> np.ndarray:
    changed = np.array(mask, order="C")
    changed.reshape(-1)[places] = kept
    changed.setflags(write=False)  # so that nothing has to be copied
    return changed


class Changes:
    """Writes masks, weights and slots at some places; traced once it is called time and again.

    Args:
        pruned: the masked variables by path.
        slots: what optimizers keep beside them.

    Attributes:
        is_possible: whether each variable is one array in one place, as not under every strategy.
    """

    def __init__(
        self, pruned: Mapping[str, PrunedWeight], slots: Sequence[tuple[PrunedWeight, Slot]]
    ):
        self._pruned = pruned
        self._known = [id(s.variable) for _, s in slots]
        natives = [
            *(_keras.native(w.variable) for w in pruned.values()),
            *(_keras.native(s.variable) for _, s in slots),
        ]
        self.is_possible = not any(isinstance(n, tf.distribute.DistributedValues) for n in natives)
        self._is_on_cpu = all(map(is_one_array_on_cpu, natives))
        self._write = _writer(pruned, slots)
        self._traced: Callable[[tf.Tensor], None] | None = None
        self._num_calls = 0

    def is_of(self, slots: Sequence[tuple[PrunedWeight, Slot]]) -> bool:
        """Tells whether it writes these slots, and no optimizer has others by now."""
        return self._known == [id(s.variable) for _, s in slots]

    def __call__(self, places: Mapping[str, np.ndarray], masks: Mapping[str, np.ndarray]) -> None:
        """Lets other masks hold at some places.

        Args:
            places: where they differ from those before, by path, in row-major order.
            masks: the masks that are to hold.
        """
        self._num_calls += 1
        if self._num_calls == _WORTH_TRACING:
            self._traced = _traced(self._write, self._pruned, is_on_cpu=self._is_on_cpu)
        if self._traced is not None:
            self._traced(tf.constant(_packed(places, {p: masks[p] for p in self._pruned})))
            return
        nowhere = np.empty(0, np.intp)
        self._write([_rows(places.get(p, nowhere), masks[p]) for p in self._pruned])


def _rows(places: np.ndarray, mask: np.ndarray) -> tuple[tf.Tensor, tf.Tensor]:
    """Tells of each place where it is, axis by axis, and whether it is kept."""
    at = np.stack(np.unravel_index(places, mask.shape), axis=1).astype(np.int32)
    return tf.constant(at), tf.constant(mask.reshape(-1)[places].astype(np.int32))


def _packed(places: Mapping[str, np.ndarray], masks: Mapping[str, np.ndarray]) -> np.ndarray:
    """Puts everything into one array: how many places by path, and these; ~place if it is kept."""
    counts, signed = [], []
    for path, mask in masks.items():
        at = places.get(path)
        counts.append(0 if at is None else at.size)
        if at is not None and at.size:
            kept = mask.reshape(-1)[at]
            signed.append(np.where(kept, ~at, at) if kept.any() else at)
    return np.concatenate([np.asarray(counts, np.int64), *signed])


def _writer(
    pruned: Mapping[str, PrunedWeight], slots: Sequence[tuple[PrunedWeight, Slot]]
) -> Callable[..., None]:
    own = [[s for w, s in slots if w is weight] for weight in pruned.values()]

    def write(rows: Sequence[tuple[tf.Tensor, tf.Tensor]]) -> None:
        for (at, kept), weight, its_slots in zip(rows, pruned.values(), own, strict=True):
            if at.shape[0] != 0:
                weight.put_at(at, kept, its_slots)

    return write


def _traced(
    write: Callable[..., None], pruned: Mapping[str, PrunedWeight], *, is_on_cpu: bool
) -> Callable[[tf.Tensor], None]:
    shapes = [tuple(w.variable.shape) for w in pruned.values()]

    def unpacked(packed: tf.Tensor) -> None:
        counts, signed = packed[: len(shapes)], packed[len(shapes) :]
        rows = []
        for some, shape in zip(tf.split(signed, counts, num=len(shapes)), shapes, strict=True):
            rows.append((_by_axis(tf.maximum(some, -1 - some), shape), tf.cast(some < 0, tf.int32)))
        write(rows)

    traced = tf.function(unpacked, autograph=False).get_concrete_function(
        tf.TensorSpec([None], tf.int64)
    )
    if not is_on_cpu:
        return traced
    held = traced.captured_inputs  # variables are the same in every call

    def call(packed: tf.Tensor) -> None:
        # Of a call of `traced` itself, three quarters are spent in Python on its arguments.
        tf.raw_ops.StatefulPartitionedCall(args=[packed, *held], Tout=[], f=traced)

    return call


def _by_axis(places: tf.Tensor, shape: Sequence[int]) -> tf.Tensor:
    """Tells of places in row-major order where they are, axis by axis; there may be none."""
    axes: list[tf.Tensor] = []
    for length in reversed(shape):
        axes.append(tf.math.floormod(places, length))
        places = places // length
    return tf.stack(axes[::-1], axis=1)
