"""Whether a function only moves values about: shown by the operations it is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfticket.graph.elementwise import operations_of

__all__ = ["is_moving"]

_OPERATIONS = frozenset(
    """BroadcastTo Concat ConcatV2 Const DepthToSpace ExpandDims GatherV2 Identity IdentityN NoOp
    Pack Placeholder Reshape ReverseV2 Roll Shape ShapeN Slice SpaceToDepth Split SplitV Squeeze
    StopGradient StridedSlice Tile Transpose Unpack""".split()  # noqa: SIM905
)


def is_moving(function: Callable, shapes: Sequence[tuple[int | None, ...]]) -> bool:
    """Shows that every value of a function's results is one that it was given.

    Args:
        function: of as many tensors as there are shapes; returns one or more.
        shapes: with the batch first.

    Returns:
        Whether it is made of nothing but operations that move values, and counting of positions.
    """
    operations = operations_of(function, shapes)
    return operations is not None and all(
        o.type in _OPERATIONS or _is_counting(o) for o in operations
    )


def _is_counting(operation: Any) -> bool:
    """Whether an operation computes with whole numbers: no values can become such but by name."""
    tensors = [*operation.inputs, *operation.outputs]
    return bool(operation.outputs) and all(t.dtype.is_integer or t.dtype.is_bool for t in tensors)
