"""The room that activations take on a microcontroller, planned as its runtime plans it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tfticket.tflite.file import Subgraph, Tensor, present

__all__ = ["Lifetime", "activation_bytes", "planned_bytes"]

_ALIGNMENT = 16


@dataclass(frozen=True)
class Lifetime:
    """A buffer, and from when to when it is used.

    Args:
        num_bytes: its size.
        first: the step at which it is written.
        last: the last step at which it is read.
    """

    num_bytes: int
    first: int
    last: int

    def overlaps(self, other: Lifetime) -> bool:
        """Tells whether two buffers are in use at the same time."""
        return self.first <= other.last and other.first <= self.last


def planned_bytes(buffers: list[Lifetime]) -> int:
    """Returns the room that buffers take if each is put into the first gap, largest first.

    >>> planned_bytes([Lifetime(32, 0, 1), Lifetime(64, 1, 2), Lifetime(32, 2, 3)])
    96

    Args:
        buffers: in the order of the file; of equal ones the later is placed earlier.

    References:
        `GreedyMemoryPlanner` of https://github.com/tensorflow/tflite-micro
    """
    placed: list[tuple[int, Lifetime]] = []
    for place in sorted(range(len(buffers)), key=lambda i: (-buffers[i].num_bytes, -i)):
        wanted, start = buffers[place], 0
        for offset, other in placed:
            if not wanted.overlaps(other):
                continue
            if offset - start >= wanted.num_bytes:
                break
            start = max(start, offset + other.num_bytes)
        placed.append((start, wanted))
        placed.sort(key=lambda pair: pair[0])
    return max((offset + b.num_bytes for offset, b in placed), default=0)


def activation_bytes(subgraph: Subgraph) -> int | None:
    """Returns the room for the activations of a subgraph, one example at a time.

    What kernels take for themselves comes on top, and what the runtime keeps of every tensor.

    Args:
        subgraph: without control flow.

    Returns:
        `None` if a tensor has a type or a shape of which that cannot be said.
    """
    first = dict.fromkeys(present(subgraph.inputs), 0)
    last = dict(first)
    for step, operator in enumerate(subgraph.operators, 1):
        for place in operator.writes:
            first.setdefault(place, step)
            last[place] = step
        last |= dict.fromkeys(operator.reads, step)
    last |= dict.fromkeys(present(subgraph.outputs), len(subgraph.operators))
    buffers = []
    for place, tensor in enumerate(subgraph.tensors):
        if place not in first or tensor.is_constant or tensor.is_variable:
            continue
        num_bytes = _num_bytes(tensor)
        if num_bytes is None:
            return None
        aligned = -(-num_bytes // _ALIGNMENT) * _ALIGNMENT
        buffers.append(Lifetime(aligned, first[place], last[place]))
    return planned_bytes(buffers)


def _num_bytes(tensor: Tensor) -> int | None:
    try:
        size = np.dtype(tensor.type).itemsize
    except TypeError:
        return None
    return None if min(tensor.shape, default=1) < 0 else math.prod(tensor.shape) * size
