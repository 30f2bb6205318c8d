"""The k-th largest of many numbers inside a TensorFlow graph, exactly and without sorting them.

The bit pattern of a non-negative float, read as an integer, is larger when the float is. So numbers
are ranked by their bits: counting the upper 16 of them tells in which of 65 536 bins the k-th
largest lies, and counting the lower 15 within that bin tells which it is. Counts add up: several
arrays are ranked together without being joined.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf

__all__ = ["Threshold", "kth_largest", "magnitude_bits", "marked"]

_LOW_BITS = 15
_ROW = 256  # bins that are summed up at once
_SORTED_BELOW = 4_096  # numbers; sorting so few takes less than counting into 65 536 bins


class Threshold(NamedTuple):
    """The k-th largest of some numbers, and what becomes of those that equal it.

    Attributes:
        value: the k-th largest, an int32 scalar.
        num_spare: how many that equal it are among the k largest.
        num_tied: how many equal it.
    """

    value: Any
    num_spare: Any
    num_tied: Any


def magnitude_bits(values: Any) -> Any:
    """Returns int32 numbers that are ranked as the magnitudes of float32 `values` are."""
    return tf.bitcast(tf.abs(values), tf.int32)


def kth_largest(bits: Sequence[Any], k: Any) -> Threshold:
    """Finds the k-th largest (1 = the maximum) of several tensors together.

    >>> bits = magnitude_bits(tf.constant([0.2, -0.5, 0.5, 0.1]))
    >>> [int(n) for n in kth_largest([bits], 1)[1:]]  # one of the two 0.5 is the largest
    [1, 2]

    Args:
        bits: int32 tensors of known shape, non-negative.
        k: from 0 to how many numbers there are; an integer or an int32 scalar. 0 gives a threshold
            that nothing passes.
    """
    flat = [tf.reshape(b, [-1]) for b in bits]
    if sum(b.shape.num_elements() for b in bits) <= _SORTED_BELOW:
        return _by_sorting(tf.concat(flat, 0), k)
    if _is_compiled_by_xla():
        return _by_bisection(flat, k)
    return _by_counting(flat, k)


def marked(bits: Any, threshold: Threshold, earlier: Sequence[Any] = ()) -> Any:
    """Marks which of a tensor's numbers are among the k largest; of equals the first are.

    Args:
        bits: one of the tensors that the threshold is of.
        threshold: what `kth_largest` returned.
        earlier: the tensors before it; numbers that equal the threshold are spent on them first.

    Returns:
        A boolean tensor of the shape of `bits`.
    """

    def by_position() -> Any:
        spare = threshold.num_spare - sum(_count(b == threshold.value) for b in earlier)
        is_tied = tf.reshape(bits == threshold.value, [-1])
        if _is_compiled_by_xla():  # where nothing has as many elements as it turns out
            is_first = tf.cumsum(tf.cast(is_tied, tf.int32)) <= spare
            return (bits > threshold.value) | tf.reshape(is_tied & is_first, bits.shape)
        first = tf.where(is_tied)[: tf.maximum(spare, 0)]
        above = tf.reshape(bits > threshold.value, [-1])
        kept = tf.tensor_scatter_nd_update(above, first, tf.fill([tf.shape(first)[0]], True))
        return tf.reshape(kept, bits.shape)

    # Nearly always one number alone is at the threshold, and the sum over positions is not needed.
    is_whole = tf.equal(threshold.num_spare, threshold.num_tied)
    return tf.cond(is_whole, lambda: bits >= threshold.value, by_position)


def _by_sorting(flat: Any, k: Any) -> Threshold:
    ranked = tf.math.top_k(flat, flat.shape[0]).values
    value = ranked[tf.maximum(k, 1) - 1]
    return Threshold(value, k - _count(flat > value), _count(flat == value))


def _by_counting(flat: Sequence[Any], k: Any) -> Threshold:
    upper = [tf.bitwise.right_shift(f, _LOW_BITS) for f in flat]
    bin_, num_above, _ = _pick(_histogram(upper, 1 << (31 - _LOW_BITS)), k)
    inside = [tf.boolean_mask(f, tf.equal(u, bin_)) for f, u in zip(flat, upper, strict=True)]
    lower = [tf.bitwise.bitwise_and(i, (1 << _LOW_BITS) - 1) for i in inside]
    low, num_within, num_tied = _pick(_histogram(lower, 1 << _LOW_BITS), k - num_above)
    value = tf.bitwise.bitwise_or(tf.bitwise.left_shift(bin_, _LOW_BITS), low)
    return Threshold(value, k - num_above - num_within, num_tied)


def _histogram(flat: Sequence[Any], num_bins: int) -> Any:
    # `tf.math.bincount` would look for the largest number first, in a pass of its own.
    weights = tf.constant([], tf.int32)
    counts = [
        tf.raw_ops.DenseBincount(input=f, size=num_bins, weights=weights, binary_output=False)
        for f in flat
    ]
    return tf.add_n(counts)


def _pick(counts: Any, k: Any) -> tuple[Any, Any, Any]:
    """Returns the bin with the k-th largest, how many numbers lie above it, and how many in it."""
    rows = tf.reshape(counts, [-1, _ROW])
    # Row by row first: TensorFlow sums up 65 536 bins in as much time as it fills them.
    row, num_above, _ = _pick_of_few(tf.reduce_sum(rows, axis=1), k)
    bin_, num_above_within, num_inside = _pick_of_few(rows[row], k - num_above)
    return row * _ROW + bin_, num_above + num_above_within, num_inside


def _pick_of_few(counts: Any, k: Any) -> tuple[Any, Any, Any]:
    from_top = tf.cumsum(counts, reverse=True)
    bin_ = _count(from_top >= k) - 1
    return bin_, from_top[bin_] - counts[bin_], counts[bin_]


def _by_bisection(flat: Sequence[Any], k: Any) -> Threshold:
    """For XLA, which cannot count into bins on a CPU: settles the value bit by bit."""

    def at_least(value: Any) -> Any:
        return tf.add_n([_count(f >= value) for f in flat])

    def settle(bit: Any, value: Any) -> tuple[Any, Any]:
        larger = tf.bitwise.bitwise_or(value, tf.bitwise.left_shift(1, bit))
        return bit - 1, tf.where(at_least(larger) >= k, larger, value)

    start = (tf.constant(30), tf.constant(0))
    _, value = tf.while_loop(lambda bit, _: bit >= 0, settle, start, maximum_iterations=31)
    num_above = tf.add_n([_count(f > value) for f in flat])
    return Threshold(value, k - num_above, at_least(value) - num_above)


def _count(condition: Any) -> Any:
    return tf.reduce_sum(tf.cast(condition, tf.int32))


def _is_compiled_by_xla() -> bool:
    if tf.executing_eagerly():
        return False
    graph = tf.compat.v1.get_default_graph()
    while graph is not None:
        context = graph._get_control_flow_context()
        while context is not None:
            if context.IsXLAContext():
                return True
            context = context.outer_context
        graph = getattr(graph, "outer_graph", None)
    return False
