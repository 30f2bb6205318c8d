"""Whether this machine can run an operation on numbers of a type: TensorFlow tells too late."""

from __future__ import annotations

import functools
from typing import Any

from tfticket._lazy import tf

__all__ = ["require_kernels"]


def require_kernels(graph: Any) -> None:
    """Refuses what could be traced in float64 and not be run.

    Args:
        graph: a traced function's.

    Raises:
        ValueError: naming an operation for whose types no device of this machine has a kernel.
    """
    for operation in graph.get_operations():
        known = _kernels(operation.type)
        if known and not any(_takes(kernel, operation) for kernel in known):
            tensors = (*operation.inputs, *operation.outputs)
            types = sorted({t.dtype.base_dtype.name for t in tensors})
            raise ValueError(
                "`model` must be made of operations that run in float64: there is no kernel for"
                f" {operation.name!r} ({operation.type}) with {', '.join(types)} on this machine."
                " Score with another score, or without that layer."
            )


@functools.cache
def _kernels(kind: str) -> list[Any]:
    """Lists the kernels of one kind of operation, for the devices that are there."""
    from tensorflow.python.framework import kernels  # pyright: ignore[reportAttributeAccessIssue]

    devices = {d.device_type for d in tf.config.list_logical_devices()}
    found = kernels.get_registered_kernels_for_op(kind).kernel
    return [k for k in found if k.device_type in devices]


def _takes(kernel: Any, operation: Any) -> bool:
    for constraint in kernel.constraint:
        types = constraint.allowed_values.list.type
        stated = operation.node_def.attr[constraint.name]
        if types and stated.WhichOneof("value") == "type" and stated.type not in types:
            return False
    return True
