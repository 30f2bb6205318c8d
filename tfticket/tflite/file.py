"""A `.tflite` file as objects: parsed once, read by everything that asks about it, never changed.

Nothing is copied: arrays are views of the bytes. What changes a file asks for `tables`, which are
its own, and writes them with `flatbuffer.write`.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np

from tfticket.errors import CorruptFileError
from tfticket.tflite import csr, flatbuffer, sparsity
from tfticket.tflite.schema import ModelT, OperatorT, SubGraphT, TensorT, numbers

__all__ = ["File", "Operator", "Subgraph", "Tensor", "present"]

MAX_ELEMENTS = 2**31


class Tensor:
    """One tensor of a subgraph.

    Args:
        model: the tables of the file.
        table: its own.
        subgraph: number of its subgraph.
        place: its number there.
    """

    def __init__(self, model: ModelT, table: TensorT, subgraph: int, place: int):
        self._model, self._table = model, table
        self.subgraph, self.place = subgraph, place

    @cached_property
    def name(self) -> str:
        """Its name as text."""
        return flatbuffer.tensor_name(self._table)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Its shape, dense; scalars have none."""
        return flatbuffer.shape(self._table)

    @cached_property
    def signature(self) -> tuple[int, ...]:
        """Its shape with -1 for what is open until it runs."""
        given = self._table.shapeSignature
        return self.shape if given is None else tuple(int(n) for n in given)

    @cached_property
    def type(self) -> str:
        """The type of its elements in lower case: `float32`, `int8`, …"""
        return flatbuffer.type_name(self._table)

    @property
    def buffer(self) -> int:
        """Number of the buffer that holds its values; tensors may share one."""
        return self._table.buffer

    @property
    def num_bytes(self) -> int:
        """Length of that buffer."""
        data = self._model.buffers[self.buffer].data
        return 0 if data is None else len(data)

    @property
    def is_constant(self) -> bool:
        """Whether its values are in the file."""
        return self.num_bytes > 0

    @property
    def is_variable(self) -> bool:
        """Whether it keeps its values from one call to the next."""
        return bool(self._table.isVariable)

    @cached_property
    def sparsity(self) -> csr.Description | None:
        """How it is packed; `None` if it is dense."""
        given = self._table.sparsity
        return None if given is None else sparsity.read(given)

    @property
    def stored_bytes(self) -> int:
        """Bytes as stored: values, and indices and segments if it is sparse."""
        return self.num_bytes + (0 if self.sparsity is None else self.sparsity.nbytes)

    @property
    def zero_points(self) -> np.ndarray:
        """Its zero points; none if it is not quantised."""
        table = self._table.quantization
        found = None if table is None else table.zeroPoint
        return np.asarray(found) if isinstance(found, np.ndarray) else np.zeros(0, np.int64)

    def scale(self) -> np.ndarray | None:
        """Returns the scale of its integers, to be broadcast; `None` if it has none."""
        table, rank = self._table.quantization, len(self.shape)
        if table is None or not isinstance(table.scale, np.ndarray):
            return None
        shape = [1] * rank
        if len(table.scale) > 1:
            shape[int(table.quantizedDimension)] = len(table.scale)
        return table.scale.astype(np.float64).reshape(shape)

    def stored_values(self) -> np.ndarray | None:
        """Returns the elements as stored, in one dimension, without what is not kept.

        Returns:
            A view; `None` if it is not constant or its type has no numpy counterpart.

        Raises:
            CorruptFileError: if the buffer ends within an element.
        """
        return flatbuffer.stored_values(self._model, self._table)

    def dense_values(self) -> np.ndarray | None:
        """Returns the dense weight that it stands for, sparse or not.

        Returns:
            An array of its shape; `None` if it is not constant.

        Raises:
            CorruptFileError: if the stored values or their description do not fit the shape.
        """
        values, shape, name = self.stored_values(), self.shape, self.name
        if values is None:
            return None
        if min(shape, default=0) < 0 or math.prod(shape) > MAX_ELEMENTS:
            raise CorruptFileError(f"tensor {name!r} is damaged: its shape is {shape}")
        if self.sparsity is not None:
            try:
                return csr.unpack(shape, self.sparsity, values)
            except CorruptFileError as error:
                raise CorruptFileError(f"tensor {name!r} is damaged: {error}") from error
        if len(values) != math.prod(shape):
            raise CorruptFileError(
                f"tensor {name!r} is damaged: {len(values)} values for the shape {shape}"
            )
        return values.reshape(shape)


class Operator:
    """One operator: `model`, `table`, `subgraph` and `place` are as of a `Tensor`."""

    def __init__(self, model: ModelT, table: OperatorT, subgraph: int, place: int):
        self._table = table
        self.subgraph, self.place = subgraph, place
        self.name = flatbuffer.operator_name(model, table)
        self.inputs, self.outputs = numbers(table.inputs), numbers(table.outputs)

    @property
    def reads(self) -> list[int]:
        """The tensors it reads, without optional ones left open."""
        return present(self.inputs)

    @property
    def writes(self) -> list[int]:
        """The tensors it writes."""
        return present(self.outputs)

    def option(self, name: str) -> int:
        """Returns one of its options, `strideH` for instance; 0 if it has none of this name."""
        return int(getattr(self._table.builtinOptions, name, None) or 0)


class Subgraph:
    """Tensors and the operators between them, in the order they run.

    Args:
        model: the tables of the file.
        table: its own.
        number: of the subgraph.
    """

    def __init__(self, model: ModelT, table: SubGraphT, number: int):
        self.tensors = [Tensor(model, t, number, i) for i, t in enumerate(table.tensors or [])]
        operators = enumerate(table.operators or [])
        self.operators = [Operator(model, o, number, i) for i, o in operators]
        self.inputs, self.outputs = numbers(table.inputs), numbers(table.outputs)


class File:
    """A TFLite file.

    Args:
        blob: the whole file.

    Raises:
        CorruptFileError: if this is not a TFLite file or its tables point outside it.
        MissingDependencyError: without `ai-edge-litert`.
    """

    def __init__(self, blob: bytes):
        self.blob = blob
        self._model = flatbuffer.read(blob)
        found = enumerate(self._model.subgraphs)
        self.subgraphs = [Subgraph(self._model, table, number) for number, table in found]

    @classmethod
    def read(cls, path: str | Path) -> File:
        """Reads a file from disk; what is wrong with it is said with its name."""
        try:
            return cls(Path(path).read_bytes())
        except CorruptFileError as error:
            raise CorruptFileError(f"{path}: {error}") from error

    @property
    def operators(self) -> Iterator[Operator]:
        """Every operator of every subgraph."""
        return (operator for subgraph in self.subgraphs for operator in subgraph.operators)

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of the inputs in the order of their positions; none without a signature."""
        return self._named("inputs")

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the outputs in the order of their positions; none without a signature."""
        return self._named("outputs")

    def _named(self, side: str) -> tuple[str, ...]:
        known = self._model.signatureDefs or []
        if not known:
            return ()
        names = {
            m.tensorIndex: (m.name or b"").decode("utf-8", "replace")
            for m in getattr(known[0], side) or []
        }
        places = getattr(self.subgraphs[known[0].subgraphIndex], side)
        return tuple(names[i] for i in places if i in names)

    @property
    def metadata_buffers(self) -> set[int]:
        """Numbers of the buffers that are metadata."""
        return {metadata.buffer for metadata in self._model.metadata or []}

    @property
    def has_external_data(self) -> bool:
        """Whether weights lie behind the tables, as in files above 2 GB."""
        return flatbuffer.has_external_data(self._model)

    def tables(self) -> ModelT:
        """Returns a copy of the tables to change; the values in it are shared, not copied."""
        shared = {id(b.data): b.data for b in self._model.buffers if b.data is not None}
        return copy.deepcopy(self._model, shared)


def present(places: tuple[int, ...]) -> list[int]:
    """Returns the tensors in a list of inputs or outputs, without optional ones left open."""
    return [place for place in places if place >= 0]
