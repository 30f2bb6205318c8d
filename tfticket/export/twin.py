"""The dense twin of a sparse file, and what a file multiplies: both read from the bytes alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfticket.export import _litert, flatbuffer, graph, sparsity
from tfticket.export.rewrite import SPARSE_DENSE_VERSION

STORED_AS = graph.UNPACKING | {"QUANTIZE"}
DENSE_VERSION = 5  # the newest that float Dense layers need
IMAGE_INPUT = 2  # of TRANSPOSE_CONV, whose weights meet every position of it


def dense_twin(blob: bytes) -> bytes:
    """Returns the same network with every sparse weight stored densely, and nothing to unpack.

    Args:
        blob: any TFLite file.

    Returns:
        A new file; `blob` itself if nothing in it is sparse.

    Raises:
        CorruptFileError: if the file, or a description of sparse weights in it, is damaged.
    """
    model, num_sparse = flatbuffer.read(blob), 0
    for constant in graph.constants(model):
        tensors = [model.subgraphs[g].tensors[t] for g, t in constant.tensors]
        if tensors[0].sparsity is None:
            continue
        values = sparsity.dense_values(model, tensors[0])
        if values is not None:
            model.buffers[constant.buffer].data = values.ravel().view(np.uint8)
            num_sparse += 1
            for tensor in tensors:
                tensor.sparsity = None
    if num_sparse:
        _lower_versions(model)
    for subgraph in model.subgraphs if num_sparse else ():
        _drop_densify(model, subgraph)
    return flatbuffer.write(model) if num_sparse else blob


def multiply_adds(blob: bytes) -> tuple[int, int]:
    """Counts what the Dense and convolution kernels of a file multiply for one example.

    Args:
        blob: any TFLite file.

    Returns:
        Multiply-adds of all weights, and of those that are not zero.

    Raises:
        CorruptFileError: if the file is damaged.
    """
    model = flatbuffer.read(blob)
    total = effective = 0
    for subgraph, operator, name in graph.operators(model):
        if name not in graph.WEIGHT_READERS:
            continue
        tensors = subgraph.tensors
        weight = tensors[_origin(model, subgraph, int(operator.inputs[graph.WEIGHT_INPUT]))]
        values = sparsity.dense_values(model, weight)
        size = math.prod(flatbuffer.shape(weight))
        kept = size if values is None else int(np.count_nonzero(values))
        is_transposed = name == "TRANSPOSE_CONV"
        place = operator.inputs[IMAGE_INPUT] if is_transposed else operator.outputs[0]
        positions = math.prod(max(n, 1) for n in flatbuffer.shape(tensors[int(place)])[:-1])
        total, effective = total + positions * size, effective + positions * kept
    return total, effective


def _lower_versions(model: Any) -> None:
    """XNNPACK leaves Dense layers of the version that sparse weights need to other kernels."""
    dense = _litert.schema().BuiltinOperator.FULLY_CONNECTED
    for code in model.operatorCodes:
        if code.builtinCode == dense and code.version == SPARSE_DENSE_VERSION:
            code.version = DENSE_VERSION


def _drop_densify(model: Any, subgraph: Any) -> None:
    """Lets whoever reads what DENSIFY unpacked read the constant itself."""
    packed, left = {}, []
    for operator in subgraph.operators:
        if flatbuffer.operator_name(model, operator) == "DENSIFY":
            packed[int(operator.outputs[0])] = int(operator.inputs[0])
        else:
            left.append(operator)
    subgraph.operators = left
    for reader in left:
        reader.inputs = np.array([packed.get(int(i), int(i)) for i in reader.inputs], np.int32)
    subgraph.outputs = np.array([packed.get(int(i), int(i)) for i in subgraph.outputs], np.int32)


def _origin(model: Any, subgraph: Any, place: int) -> int:
    """The constant behind a tensor, what only unpacks or rounds it looked through."""
    makers = {
        int(operator.outputs[0]): int(operator.inputs[0])
        for operator in subgraph.operators
        if flatbuffer.operator_name(model, operator) in STORED_AS
    }
    while place in makers:
        place = makers[place]
    return place
