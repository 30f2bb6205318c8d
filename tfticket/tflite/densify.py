"""The dense twin of a sparse file, and what a file multiplies: both read from the bytes alone."""

from __future__ import annotations

import math

import numpy as np

from tfticket.tflite import flatbuffer, graph
from tfticket.tflite.file import File, Subgraph
from tfticket.tflite.rewrite import SPARSE_DENSE_VERSION
from tfticket.tflite.schema import ModelT, SubGraphT, numbers, schema

__all__ = ["densify", "multiply_adds"]

DENSE_VERSION = 5  # the newest that float Dense layers need
IMAGE_INPUT = 2  # of TRANSPOSE_CONV, whose weights meet every position of it


def densify(file: File) -> bytes:
    """Returns the same network with every sparse weight stored densely, and nothing to unpack.

    Args:
        file: any TFLite file.

    Returns:
        A new file; the bytes of `file` themselves if nothing in it is sparse.

    Raises:
        CorruptFileError: if a description of sparse weights in it is damaged.
    """
    sparse = [c for c in graph.constants(file) if c.tensor.sparsity is not None]
    unpacked = [(constant, constant.tensor.dense_values()) for constant in sparse]
    unpacked = [(constant, values) for constant, values in unpacked if values is not None]
    if not unpacked:
        return file.blob
    model = file.tables()
    for constant, values in unpacked:
        model.buffers[constant.buffer].data = values.ravel().view(np.uint8)
        for tensor in constant.tensors:
            model.subgraphs[tensor.subgraph].tensors[tensor.place].sparsity = None
    _lower_versions(model)
    for subgraph in model.subgraphs:
        _drop_densify(model, subgraph)
    return flatbuffer.write(model)


def multiply_adds(file: File) -> tuple[int, int]:
    """Counts what the Dense and convolution kernels of a file multiply for one example.

    Args:
        file: any TFLite file.

    Returns:
        Multiply-adds of all weights, and of those that are not zero.

    Raises:
        CorruptFileError: if a weight is damaged.
    """
    total = effective = 0
    for operator in file.operators:
        if operator.name not in graph.WEIGHT_READERS:
            continue
        subgraph = file.subgraphs[operator.subgraph]
        weight = subgraph.tensors[_origin(subgraph, operator.inputs[graph.WEIGHT_INPUT])]
        values, size = weight.dense_values(), math.prod(weight.shape)
        kept = size if values is None else int(np.count_nonzero(values))
        is_transposed = operator.name == "TRANSPOSE_CONV"
        place = operator.inputs[IMAGE_INPUT] if is_transposed else operator.outputs[0]
        positions = math.prod(max(n, 1) for n in subgraph.tensors[place].shape[:-1])
        total, effective = total + positions * size, effective + positions * kept
    return total, effective


def _lower_versions(model: ModelT) -> None:
    """XNNPACK leaves Dense layers of the version that sparse weights need to other kernels."""
    dense = schema().BuiltinOperator.FULLY_CONNECTED
    for code in model.operatorCodes:
        if code.builtinCode == dense and code.version == SPARSE_DENSE_VERSION:
            code.version = DENSE_VERSION


def _drop_densify(model: ModelT, subgraph: SubGraphT) -> None:
    """Lets whoever reads what DENSIFY unpacked read the constant itself."""
    packed, left = {}, []
    for operator in subgraph.operators:
        if flatbuffer.operator_name(model, operator) == "DENSIFY":
            packed[numbers(operator.outputs)[0]] = numbers(operator.inputs)[0]
        else:
            left.append(operator)
    subgraph.operators = left
    for reader in left:
        reader.inputs = np.array([packed.get(i, i) for i in numbers(reader.inputs)], np.int32)
    subgraph.outputs = np.array([packed.get(i, i) for i in numbers(subgraph.outputs)], np.int32)


def _origin(subgraph: Subgraph, place: int) -> int:
    """The constant behind a tensor, what only unpacks or rounds it looked through."""
    stored = [operator for operator in subgraph.operators if operator.name in graph.STORED_AS]
    makers = {operator.outputs[0]: operator.inputs[0] for operator in stored}
    while place in makers:
        place = makers[place]
    return place
