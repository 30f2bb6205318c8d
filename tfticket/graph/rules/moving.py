"""Operations that move values about: `x[..., :8]`, `reshape`, `split`, `pad` and their like."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from tfticket.graph.call import Call, UnsupportedLayer
from tfticket.graph.channel_flow import ChannelFlow, Lengths, placed
from tfticket.graph.record import Resize
from tfticket.graph.rules.rearranging import reshaped_to

__all__ = ["counted", "divided", "indexed", "moved", "padded", "reshaped"]

_COUNTED = "it names numbers or places of its channels"
_MIXING = "it moves values from one example to another"


def moved(call: Call, function: Callable) -> list[ChannelFlow]:
    """Follows what only moves values about, by having it move the numbers of the channels.

    That it does the same without some of the channels is tried.

    Args:
        call: of the operation or layer.
        function: what it does to tensors, the batch first.

    Raises:
        UnsupportedLayer: if examples are mixed, or the result would be another with fewer channels.
    """
    flows = call.inputs
    numbered, before = [], 0
    for flow in flows:
        places = flow.spread(np.arange(before, before + flow.channels.size))
        numbered.append(places)
        before += flow.channels.size
    found = _examples(function, numbered, before)
    channels = np.concatenate([f.channels for f in flows])
    constants = np.concatenate([f.constants for f in flows])
    if len(found) != len(call.shapes) or any(
        a.ndim != len(s) - 1 or not a.ndim or not a.size
        for a, s in zip(found, call.shapes, strict=True)
    ):
        raise UnsupportedLayer("its results have no axis of channels")
    made = [
        placed(s, channels[a], constants[a], call.record.channel_sets)
        for a, s in zip(found, call.shapes, strict=True)
    ]
    _try_with_fewer(call, function, numbered, found, made)
    return made


def _examples(function: Callable, numbered: Sequence[np.ndarray], count: int) -> list[np.ndarray]:
    """Has a function move the numbers of two examples; returns where those of the first went."""
    pairs = [tf.constant(np.stack([n, n + count]), tf.int32) for n in numbered]
    results = [np.asarray(r) for r in tf.nest.flatten(function(*pairs))]
    if any(r.ndim < 1 or len(r) != 2 or (r[0] + count != r[1]).any() for r in results):
        raise UnsupportedLayer(_MIXING)
    return [r[0] for r in results]


def _try_with_fewer(
    call: Call,
    function: Callable,
    numbered: list[np.ndarray],
    found: list[np.ndarray],
    made: list[ChannelFlow],
) -> None:
    """Leaves out the first, a middle and the last channel, and what is tied to each of them."""
    classes = call.record.channel_sets.classes()
    inputs = [(n, f.axis, classes[f.channels]) for n, f in zip(numbered, call.inputs, strict=True)]
    all_ = np.unique(np.concatenate([own for _, _, own in inputs]))
    for gone in {all_[0], all_[len(all_) // 2], all_[-1]}:
        if any((own == gone).all() for _, _, own in inputs):
            continue
        less = [np.take(n, np.flatnonzero(own != gone), axis) for n, axis, own in inputs]
        count = 1 + max(int(n.max()) for n in numbered)
        try:
            results = _examples(function, less, count)
        except Exception:  # such as a shape that does not fit any more
            raise UnsupportedLayer(_COUNTED) from None
        for result, array, flow in zip(results, found, made, strict=True):
            stay = np.flatnonzero(classes[flow.channels] != gone)
            if not np.array_equal(result, np.take(array, stay, flow.axis)):
                raise UnsupportedLayer(_COUNTED)


def reshaped(call: Call) -> list[ChannelFlow]:
    """Follows `ops.reshape(x, (-1, 8, 4))`.

    Raises:
        UnsupportedLayer: if lengths are not known, or examples are mixed.
    """
    target = call.stated("newshape", "shape")
    target = [_length(n) for n in target] if isinstance(target, (list, tuple)) else []
    one = [n for n in target[1:] if isinstance(n, int)]
    if not one or len(one) < len(target) - 1:
        raise UnsupportedLayer("its shape is not stated in numbers")
    lengths = [n for n in call.flow.shape[1:] if n is not None]
    is_known = len(lengths) == call.flow.rank - 1
    if target[0] == -1 and not (is_known and math.prod(one) == math.prod(lengths)):
        raise UnsupportedLayer(_MIXING)
    if target[0] not in (-1, call.flow.shape[0]):
        raise UnsupportedLayer("it states the number of examples")
    flow = reshaped_to(call, tuple(one))
    if target[flow.axis] != -1:
        key = "newshape" if hasattr(call.layer, "newshape") else "shape"
        call.resize(key, flow.channels, flow.axis)
    return [flow]


def _length(number: Any) -> Any:
    """A length that `tf.shape` has been asked for; `None` for that of the batch."""
    if not isinstance(number, Lengths):
        return number
    return None if number.read is None else number.shape[number.read]


def counted(call: Call) -> list[ChannelFlow]:
    """Follows `tf.shape(x)`."""
    flow = call.flow
    return [Lengths(flow.shape, flow.axis, flow.channels, flow.constants)]


def indexed(call: Call) -> list[ChannelFlow]:
    """Follows `x[:, 0]`, `x[..., :8]` and the like.

    Raises:
        UnsupportedLayer: if every other channel or one of them is taken, or examples are left out.
    """
    given = [*call.args, *call.kwargs.values()]
    flow, raw = given[0], given[1]
    raw = [_slice(k) for k in (raw if isinstance(raw, (list, tuple)) else (raw,))]
    if not isinstance(flow, ChannelFlow) or any(isinstance(k, ChannelFlow) for k in raw):
        raise UnsupportedLayer("it is indexed by tensors")
    if isinstance(flow, Lengths):
        return [_one_of(flow, raw[0])]
    key, places = _whole(raw, flow.rank)
    old = [p for p, k in enumerate(key) if k is not None]  # the others are new axes
    place = old[flow.axis]
    if key[0] != slice(None) or not isinstance(key[place], slice):
        raise UnsupportedLayer("it takes one of the channels or examples")
    later = sum(isinstance(k, slice) or k is None for k in key[place:])
    made = flow.having(call.shapes[0], axis=-later)
    if key[place] == slice(None):
        return [made]
    return [_cut(call, made, key[place], places[place])]


def _one_of(lengths: Lengths, place: Any) -> Lengths:
    """One length, unless it is the number of channels."""
    if not isinstance(place, int) or place % lengths.rank == lengths.axis % lengths.rank:
        raise UnsupportedLayer("it reads the number of channels")
    return replace(lengths, read=place % lengths.rank - lengths.rank)


def _whole(raw: list, rank: int) -> tuple[list, list[int]]:
    """Returns a key with an entry for every axis, and the place where each was stated."""
    key, places = list(raw), list(range(len(raw)))
    missing = rank - sum(k is not None and k is not Ellipsis for k in raw)
    at = next((p for p, k in enumerate(raw) if k is Ellipsis), len(raw))
    key[at : at + 1] = [slice(None)] * missing
    places[at : at + 1] = [at] * missing
    return key, places


def _cut(call: Call, flow: ChannelFlow, key: slice, index: int) -> ChannelFlow:
    """Takes some channels in a row; their first and last place are counted anew."""
    if key.step not in (None, 1):
        raise UnsupportedLayer("it takes every other channel")
    start, stop, _ = key.indices(flow.channels.size)
    for end, place, value in (("start", start, key.start), ("stop", stop, key.stop)):
        if value is not None:
            counted = Resize(call.path, ("key", "slice_spec"), index, end)
            call.record.resizes.setdefault(counted, flow.channels[:place])
    return _piece(call, flow, flow.shape, start, stop)


def divided(call: Call) -> list[ChannelFlow]:
    """Follows `split`. Parts of equal length stay so; those of stated lengths become shorter.

    Raises:
        UnsupportedLayer: if it divides examples, or sizes are not stated in numbers.
    """
    flow, key = call.flow, "indices_or_sections"
    key = key if hasattr(call.layer, key) or key in call.kwargs else "num_or_size_splits"
    sizes, axis = call.stated(key), call.stated("axis", default=0)
    axis = axis if axis < 0 else axis - flow.rank
    if axis == -flow.rank or len(call.inputs) != 1:
        raise UnsupportedLayer("it divides examples, or tensors say how")
    if axis != flow.axis:
        return [flow.having(s) for s in call.shapes]
    if isinstance(sizes, int):
        equal = flow.channels.reshape(len(call.shapes), -1)
        call.record.channel_sets.tie(equal[:1], equal)
        ends = [n * equal.shape[1] for n in range(1, len(equal) + 1)]
    else:
        lengths = [s[axis] or 0 for s in call.shapes]
        ends = list(itertools.accumulate(lengths))
        is_lengths = key == "num_or_size_splits"
        for index, (length, end) in enumerate(zip(lengths, ends, strict=True)):
            if is_lengths or index < len(lengths) - 1:
                first = end - length if is_lengths else 0
                call.resize(key, flow.channels[first:end], index)
    starts = [0, *ends[:-1]]
    parts = zip(call.shapes, starts, ends, strict=True)
    return [_piece(call, flow, shape, start, end) for shape, start, end in parts]


def _piece(call: Call, flow: ChannelFlow, shape: tuple, start: int, stop: int) -> ChannelFlow:
    """Takes channels in a row, of which one has to stay."""
    channels = flow.channels[start:stop]
    if not channels.size:
        raise UnsupportedLayer("it takes no channel")
    call.record.pieces.append((call.path, channels))
    return flow.having(shape, channels=channels, constants=flow.constants[start:stop])


def padded(call: Call) -> list[ChannelFlow]:
    """Follows `pad`. Channels that it adds stay, as it states how many.

    Raises:
        UnsupportedLayer: if it pads examples, or channels with something else than a constant.
    """
    flow = call.flow
    widths = call.stated("pad_width", "paddings")
    if len(call.inputs) != 1 or widths is None:
        raise UnsupportedLayer("tensors say how wide it pads")
    widths = np.broadcast_to(np.asarray(widths), (flow.rank, 2))
    mode = str(call.stated("mode", default="constant")).lower()
    value = float(call.stated("constant_values", default=0) or 0)
    own = widths[flow.axis]
    others = np.delete(widths, flow.axis + flow.rank, 0)
    if widths[0].any() or (own.any() and mode != "constant"):
        raise UnsupportedLayer("it pads examples, or channels with others")
    constants, border = flow.constants, None
    if others.any() and mode == "constant":
        border = flow.constants if value == 0 and not own.any() else None
        constants = np.where(constants == value, constants, np.nan)
    made = flow.having(call.shapes[0], constants=constants, border=border)
    return [_widened(call, made, own, value) if own.any() else made]


def _widened(call: Call, flow: ChannelFlow, widths: np.ndarray, value: float) -> ChannelFlow:
    sets = call.record.channel_sets
    before, after = (sets.fresh(int(n)) for n in widths)
    for new in (before, after):
        sets.pin(new, f"{call.path}: it adds a stated number of channels")
    channels = np.concatenate([before, flow.channels, after])
    constants = np.pad(flow.constants, tuple(widths), constant_values=value)
    return flow.having(flow.shape, channels=channels, constants=constants)


def _slice(key: Any) -> Any:
    """tf_keras writes slices as mappings."""
    if isinstance(key, dict):
        return slice(key.get("start"), key.get("stop"), key.get("step"))
    return key
