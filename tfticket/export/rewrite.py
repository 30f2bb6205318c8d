"""Replaces dense constants of a TFLite model by packed ones and puts in who reads them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfticket.export import _litert, csr, flatbuffer, graph, sparsity
from tfticket.export.report import Reader

# The first operator versions, and the first runtimes, that read sparse weights.
DENSIFY_RUNTIME = "2.2.0"
SPARSE_DENSE_VERSION = 8
SPARSE_DENSE_RUNTIME = "2.3.0"
FUSED = b";"
RUNTIME_METADATA = b"min_runtime_version"


class Rewriter:
    """Collects replacements in a model and writes the result.

    Args:
        model: a `ModelT`, changed in place.
    """

    def __init__(self, model: Any):
        self._model = model
        self._densify: dict[int, list[Any]] = {}
        self._runtime = "0"
        self.num_replaced = 0

    def replace(self, constant: graph.Constant, packed: csr.Packed, reader: Reader) -> None:
        """Stores a constant packed, in its own buffer, so that no dense copy stays behind."""
        self._model.buffers[constant.buffer].data = packed.values.view(np.uint8)
        for number, index in constant.tensors:
            uses = [use for use in constant.uses if self._reads(use, number, index)]
            self._model.subgraphs[number].tensors[index].sparsity = sparsity.parameters(packed)
            if reader == "densify":
                self._put_densify(number, index, uses)
            else:
                self._mark_direct(number, uses)
        self.num_replaced += 1

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

    def _shorten_name(self, tensor: Any) -> None:
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

    def _reads(self, use: graph.Use, number: int, index: int) -> bool:
        if use.subgraph != number:
            return False
        operator = self._model.subgraphs[number].operators[use.operator]
        return int(operator.inputs[use.position]) == index

    def _put_densify(self, number: int, index: int, uses: list[graph.Use]) -> None:
        schema, subgraph = _litert.schema(), self._model.subgraphs[number]
        packed = subgraph.tensors[index]
        place = len(subgraph.tensors)
        subgraph.tensors.append(
            schema.TensorT(
                shape=packed.shape,
                type=packed.type,
                quantization=None,
                hasRank=packed.hasRank,
            )
        )
        operator = schema.OperatorT(
            opcodeIndex=self._opcode(schema.BuiltinOperator.DENSIFY, 1),
            inputs=np.array([index], np.int32),
            outputs=np.array([place], np.int32),
            builtinOptionsType=schema.BuiltinOptions.DensifyOptions,
            builtinOptions=schema.DensifyOptionsT(),
        )
        self._densify.setdefault(number, []).append(operator)
        for use in uses:
            reading = subgraph.operators[use.operator]
            reading.inputs = np.array(reading.inputs)
            reading.inputs[use.position] = place
        self._runtime = max(self._runtime, DENSIFY_RUNTIME, key=_version)

    def _mark_direct(self, number: int, uses: list[graph.Use]) -> None:
        operators = self._model.subgraphs[number].operators
        for use in uses:
            code = self._model.operatorCodes[operators[use.operator].opcodeIndex]
            version = max(code.version, SPARSE_DENSE_VERSION)
            operators[use.operator].opcodeIndex = self._opcode(code.builtinCode, version)
        self._runtime = max(self._runtime, SPARSE_DENSE_RUNTIME, key=_version)

    def _opcode(self, builtin: int, version: int) -> int:
        codes = self._model.operatorCodes
        for place, code in enumerate(codes):
            if (code.builtinCode, code.version) == (builtin, version):
                return place
        schema = _litert.schema()
        codes.append(
            schema.OperatorCodeT(
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


def _is_empty(buffer: Any) -> bool:
    return buffer.data is None or not len(buffer.data)


def _ends(subgraph: Any) -> set[int]:
    ends = (subgraph.inputs, subgraph.outputs)
    return {int(place) for end in ends if end is not None for place in end}


def _says_nothing(table: Any) -> bool:
    """Tells whether an optional table holds defaults only: it then costs bytes for nothing."""
    values = [] if table is None else vars(table).values()
    return all(value is None or (isinstance(value, int) and value == 0) for value in values)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdecimal())
