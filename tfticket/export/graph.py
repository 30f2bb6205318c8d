"""Who reads which constant of a TFLite file."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from tfticket.export import flatbuffer

CONVOLUTIONS = {
    *("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "CONV_3D", "CONV_3D_TRANSPOSE"),
}
WEIGHT_READERS = CONVOLUTIONS | {"FULLY_CONNECTED"}
WEIGHT_INPUT = 1  # also of TRANSPOSE_CONV, whose input 0 is the output shape
# Operators that only change how a constant is stored.
UNPACKING = {"DEQUANTIZE", "DENSIFY"}


@dataclass(frozen=True)
class Use:
    """One input of one operator."""

    subgraph: int
    operator: int
    position: int
    name: str


@dataclass
class Constant:
    """The tensors that share one buffer, and their uses.

    Args:
        buffer: index of the buffer.
        tensors: `(subgraph, tensor)` indices.
        uses: every operator input that reads one of them.
        other: reads that are not operator inputs, in words.
    """

    buffer: int
    tensors: list[tuple[int, int]] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    other: list[str] = field(default_factory=list)


def constants(model: Any) -> list[Constant]:
    """Lists the buffers that hold data of tensors, in the order of the tensors."""
    found: dict[int, Constant] = {}
    for number, subgraph in enumerate(model.subgraphs):
        uses = _uses(model, number)
        outside = _outside(subgraph)
        for index, tensor in enumerate(subgraph.tensors):
            data = model.buffers[tensor.buffer].data
            if data is None or len(data) == 0:
                continue
            constant = found.setdefault(tensor.buffer, Constant(tensor.buffer))
            constant.tensors.append((number, index))
            constant.uses += uses[index]
            constant.other += [f"is an {place} of the graph" for place in outside.get(index, ())]
    for metadata in model.metadata or []:
        if metadata.buffer in found:
            found[metadata.buffer].other.append("is metadata of the file")
    return list(found.values())


def readers(
    model: Any, constant: Constant, unpacking: Collection[str] = frozenset(UNPACKING)
) -> list[Use]:
    """Returns who reads a constant in the end.

    Args:
        model: a `ModelT`.
        constant: one of its constants.
        unpacking: operators to look through.
    """
    found, waiting = [], list(constant.uses)
    while waiting:
        use = waiting.pop(0)
        if use.name not in unpacking:
            found.append(use)
            continue
        outputs = _indices(model.subgraphs[use.subgraph].operators[use.operator].outputs)
        by_tensor = _uses(model, use.subgraph)
        waiting += [later for index in outputs for later in by_tensor[index]]
    return found


def is_convolutional(model: Any) -> bool:
    """Tells whether any operator is a convolution."""
    return any(name in CONVOLUTIONS for _, _, name in operators(model))


def count_operators(model: Any) -> dict[str, int]:
    """Counts the operators of a file by name, in alphabetical order."""
    return dict(sorted(Counter(name for _, _, name in operators(model)).items()))


def operators(model: Any) -> Iterator[tuple[Any, Any, str]]:
    """Yields every operator with its subgraph before it and its name after it."""
    for subgraph in model.subgraphs:
        for operator in subgraph.operators or []:
            yield subgraph, operator, flatbuffer.operator_name(model, operator)


def _uses(model: Any, number: int) -> dict[int, list[Use]]:
    uses: dict[int, list[Use]] = defaultdict(list)
    for place, operator in enumerate(model.subgraphs[number].operators or []):
        name = flatbuffer.operator_name(model, operator)
        for position, index in enumerate(_indices(operator.inputs)):
            uses[index].append(Use(number, place, position, name))
    return uses


def _outside(subgraph: Any) -> dict[int, list[str]]:
    places: dict[int, list[str]] = defaultdict(list)
    for index in _indices(subgraph.inputs):
        places[index].append("input")
    for index in _indices(subgraph.outputs):
        places[index].append("output")
    return places


def _indices(vector: Any) -> list[int]:
    return [] if vector is None else [int(index) for index in vector]
