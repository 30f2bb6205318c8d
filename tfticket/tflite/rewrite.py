"""Replaces dense constants of a TFLite model by packed ones and puts in who reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfticket.tflite import csr, flatbuffer, graph, sparsity
from tfticket.tflite.file import File, Tensor
from tfticket.tflite.schema import BufferT, OperatorT, SubGraphT, TensorT, numbers, schema
from tfticket.tflite.tensor_encoding import Reader

__all__ = ["Replacement", "rewritten"]

# The first operator versions, and the first runtimes, that read sparse weights.
DENSIFY_RUNTIME = "2.2.0"
SPARSE_DENSE_VERSION = 8
SPARSE_DENSE_RUNTIME = "2.3.0"
FUSED = b";"
RUNTIME_METADATA = b"min_runtime_version"


@dataclass(frozen=True)
class Replacement:
    """One constant and what takes its place.

    Args:
        constant: of a dense file.
        packed: the same values, packed.
        reader: who reads them.
    """

    constant: graph.Constant
    packed: csr.Packed
    reader: Reader


def rewritten(file: File, replacements: Sequence[Replacement]) -> bytes:
    """Returns the bytes of a file with some of its constants packed.

    Args:
        file: a dense file; it stays as it is.
        replacements: what to pack.
    """
    rewriter = _Rewriter(file)
    for one in replacements:
        rewriter.replace(one.constant, one.packed, one.reader)
    return rewriter.write()


class _Rewriter:
    """Collects replacements in a copy of a file's tables and writes the result."""

    def __init__(self, file: File):
        self._model = file.tables()
        self._densify: dict[int, list[OperatorT]] = {}
        self._runtime = "0"

    def replace(self, constant: graph.Constant, packed: csr.Packed, reader: Reader) -> None:
        """Stores a constant packed, in its own buffer, so that no dense copy stays behind."""
        self._model.buffers[constant.buffer].data = packed.values.view(np.uint8)
        for tensor in constant.tensors:
            uses = [use for use in constant.uses if _reads(use, tensor)]
            table = self._model.subgraphs[tensor.subgraph].tensors[tensor.place]
            table.sparsity = sparsity.parameters(packed)
            if reader == "densify":
                self._put_densify(tensor, uses)
            else:
                self._mark_direct(tensor, uses)

    def write(self) -> bytes:
        """Returns the bytes of the rewritten file."""
        for number, operators in self._densify.items():
            subgraph = self._model.subgraphs[number]
            subgraph.operators = [*operators, *subgraph.operators]
        self._densify = {}
        for subgraph in self._model.subgraphs:
            for place in set(range(len(subgraph.tensors))) - _ends(subgraph):
                self._shorten_name(subgraph.tensors[place])
            for tensor in subgraph.tensors:
                if _says_nothing(tensor.quantization):
                    tensor.quantization = None
        self._raise_runtime()
        self._drop_empty_buffers()
        return flatbuffer.write(self._model)

    def _shorten_name(self, tensor: TensorT) -> None:
        """Names an activation after one of the operators that were fused for it, not after all."""
        if tensor.name and _is_empty(self._model.buffers[tensor.buffer]):
            tensor.name = tensor.name.partition(FUSED)[0]

    def _drop_empty_buffers(self) -> None:
        """Lets tensors without data share buffer 0, which the schema keeps empty for them.

        Constants keep their buffers' numbers; metadata moves up behind the last of them.
        """
        model, tensors = self._model, [t for g in self._model.subgraphs for t in g.tensors]
        if model.metadataBuffer is not None or not _is_empty(model.buffers[0]):
            return
        for tensor in tensors:
            if _is_empty(model.buffers[tensor.buffer]):
                tensor.buffer = 0
        num_kept = 1 + max(tensor.buffer for tensor in tensors)
        kept = model.buffers[:num_kept]
        for metadata in model.metadata or []:
            if metadata.buffer >= num_kept:
                kept.append(model.buffers[metadata.buffer])
                metadata.buffer = len(kept) - 1
        model.buffers = kept

    def _put_densify(self, tensor: Tensor, uses: list[graph.Use]) -> None:
        tables, subgraph = schema(), self._model.subgraphs[tensor.subgraph]
        packed = subgraph.tensors[tensor.place]
        place = len(subgraph.tensors)
        subgraph.tensors.append(
            tables.TensorT(
                shape=packed.shape,
                type=packed.type,
                quantization=None,
                hasRank=packed.hasRank,
            )
        )
        operator = tables.OperatorT(
            opcodeIndex=self._opcode(tables.BuiltinOperator.DENSIFY, 1),
            inputs=np.array([tensor.place], np.int32),
            outputs=np.array([place], np.int32),
            builtinOptionsType=tables.BuiltinOptions.DensifyOptions,
            builtinOptions=tables.DensifyOptionsT(),
        )
        self._densify.setdefault(tensor.subgraph, []).append(operator)
        for use in uses:
            inputs = np.array(subgraph.operators[use.operator.place].inputs)
            inputs[use.position] = place
            subgraph.operators[use.operator.place].inputs = inputs
        self._runtime = max(self._runtime, DENSIFY_RUNTIME, key=_version)

    def _mark_direct(self, tensor: Tensor, uses: list[graph.Use]) -> None:
        operators = self._model.subgraphs[tensor.subgraph].operators
        for use in uses:
            operator = operators[use.operator.place]
            code = self._model.operatorCodes[operator.opcodeIndex]
            version = max(code.version, SPARSE_DENSE_VERSION)
            operator.opcodeIndex = self._opcode(code.builtinCode, version)
        self._runtime = max(self._runtime, SPARSE_DENSE_RUNTIME, key=_version)

    def _opcode(self, builtin: int, version: int) -> int:
        codes = self._model.operatorCodes
        for place, code in enumerate(codes):
            if (code.builtinCode, code.version) == (builtin, version):
                return place
        codes.append(
            schema().OperatorCodeT(
                deprecatedBuiltinCode=min(builtin, 127), version=version, builtinCode=builtin
            )
        )
        return len(codes) - 1

    def _raise_runtime(self) -> None:
        """States the oldest runtime that reads the file, where the file states one."""
        for metadata in self._model.metadata or []:
            buffer = self._model.buffers[metadata.buffer]
            if metadata.name != RUNTIME_METADATA or buffer.data is None:
                continue
            stated = bytes(buffer.data).rstrip(b"\0").decode("ascii", "replace")
            newest = max(stated, self._runtime, key=_version).encode()
            buffer.data = np.frombuffer(newest.ljust(len(buffer.data), b"\0"), np.uint8)


def _reads(use: graph.Use, tensor: Tensor) -> bool:
    is_beside = use.operator.subgraph == tensor.subgraph
    return is_beside and use.operator.inputs[use.position] == tensor.place


def _is_empty(buffer: BufferT) -> bool:
    return buffer.data is None or not len(buffer.data)


def _ends(subgraph: SubGraphT) -> set[int]:
    return {*numbers(subgraph.inputs), *numbers(subgraph.outputs)}


def _says_nothing(table: object) -> bool:
    """Tells whether an optional table holds defaults only: it then costs bytes for nothing."""
    values = [] if table is None else vars(table).values()
    return all(value is None or (isinstance(value, int) and value == 0) for value in values)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdecimal())
