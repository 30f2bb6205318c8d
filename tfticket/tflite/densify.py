"""The dense twin of a sparse file, made of its bytes alone."""

from __future__ import annotations

import numpy as np

from tfticket.tflite import flatbuffer, graph
from tfticket.tflite.file import File
from tfticket.tflite.rewrite import SPARSE_DENSE_VERSION
from tfticket.tflite.schema import ModelT, SubGraphT, numbers, schema

__all__ = ["densify"]

DENSE_VERSION = 5  # the newest that float Dense layers need


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
