"""What the Dense and convolution kernels of a file multiply for one example."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from tfticket.tflite import graph
from tfticket.tflite.file import File, Operator, Subgraph

__all__ = ["multiply_adds"]

#: Kernels whose weights meet every position of what they read, their input 2.
TRANSPOSED = {"TRANSPOSE_CONV", "CONV_3D_TRANSPOSE"}
IMAGE_INPUT = 2
Shapes = Mapping[int, tuple[int, ...]]


def multiply_adds(file: File, shapes: Shapes | None = None) -> tuple[int, int] | None:
    """Counts what the Dense and convolution kernels of a file multiply for one example.

    Args:
        file: any TFLite file.
        shapes: of the tensors of the first subgraph when it runs on one example, by number; where
            the file leaves shapes open, nothing is known without them.

    Returns:
        Multiply-adds of all weights, and of those that are not zero; `None` where the shape of what
        a kernel computes is open, or a kernel is in a branch or a loop, which runs nobody knows how
        often.

    Raises:
        CorruptFileError: if a weight is damaged.
    """
    total = effective = 0
    for operator in file.operators:
        if operator.name not in graph.WEIGHT_READERS:
            continue
        positions = _positions(file, operator, shapes or {})
        if operator.subgraph or positions is None:
            return None
        subgraph = file.subgraphs[operator.subgraph]
        weight = subgraph.tensors[_origin(subgraph, operator.inputs[graph.WEIGHT_INPUT])]
        values, size = weight.dense_values(), math.prod(weight.shape)
        kept = size if values is None else int(np.count_nonzero(values))
        total, effective = total + positions * size, effective + positions * kept
    return total, effective


def _positions(file: File, operator: Operator, shapes: Shapes) -> int | None:
    """At how many places a kernel's weights are multiplied; `None` where that is open."""
    is_transposed = operator.name in TRANSPOSED
    place = operator.inputs[IMAGE_INPUT] if is_transposed else operator.outputs[0]
    tensor = file.subgraphs[operator.subgraph].tensors[place]
    shape = shapes.get(place)
    if shape is None:
        if any(n < 0 for n in tensor.signature[1:-1]):
            return None
        shape = tensor.shape
    return math.prod(max(n, 1) for n in shape[:-1])


def _origin(subgraph: Subgraph, place: int) -> int:
    """The constant behind a tensor, what only unpacks or rounds it looked through."""
    stored = [operator for operator in subgraph.operators if operator.name in graph.STORED_AS]
    makers = {operator.outputs[0]: operator.inputs[0] for operator in stored}
    while place in makers:
        place = makers[place]
    return place
