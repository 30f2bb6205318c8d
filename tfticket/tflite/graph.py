"""Who reads which constant of a TFLite file."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from tfticket.tflite.file import File, Operator, Subgraph, Tensor

__all__ = ["Constant", "Use", "constants", "count_operators", "readers"]

WEIGHT_READERS = {
    *("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "CONV_3D", "CONV_3D_TRANSPOSE"),
    "FULLY_CONNECTED",
}
WEIGHT_INPUT = 1  # also of TRANSPOSE_CONV, whose input 0 is the output shape
# Operators that only change how a constant is stored. A float file of a model trained for int8
# rounds its weights while it runs.
UNPACKING = {"DEQUANTIZE", "DENSIFY"}
STORED_AS = UNPACKING | {"QUANTIZE"}


@dataclass(frozen=True)
class Use:
    """One input of one operator.

    Args:
        operator: that reads.
        position: the number of the input.
    """

    operator: Operator
    position: int

    @property
    def name(self) -> str:
        """The name of the operator."""
        return self.operator.name


@dataclass
class Constant:
    """The tensors that share one buffer, and their uses.

    Args:
        tensors: at least one.
        uses: every operator input that reads one of them.
        other: reads that are not operator inputs, in words.
    """

    tensors: list[Tensor] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    other: list[str] = field(default_factory=list)

    @property
    def tensor(self) -> Tensor:
        """The first of its tensors."""
        return self.tensors[0]

    @property
    def buffer(self) -> int:
        """Number of the buffer."""
        return self.tensor.buffer


def constants(file: File) -> list[Constant]:
    """Lists the buffers that hold data of tensors, in the order of the tensors."""
    found: dict[int, Constant] = {}
    for subgraph in file.subgraphs:
        uses, outside = _uses(subgraph), _outside(subgraph)
        for tensor in subgraph.tensors:
            if not tensor.is_constant:
                continue
            constant = found.setdefault(tensor.buffer, Constant())
            constant.tensors.append(tensor)
            constant.uses += uses[tensor.place]
            constant.other += [f"is an {end} of the graph" for end in outside[tensor.place]]
    for buffer in file.metadata_buffers & set(found):
        found[buffer].other.append("is metadata of the file")
    return list(found.values())


def readers(
    file: File, constant: Constant, unpacking: Collection[str] = frozenset(UNPACKING)
) -> list[Use]:
    """Returns who reads a constant in the end.

    Args:
        file: that holds it.
        constant: one of its constants.
        unpacking: operators to look through.
    """
    found, waiting = [], list(constant.uses)
    while waiting:
        use = waiting.pop(0)
        if use.name not in unpacking:
            found.append(use)
            continue
        by_tensor = _uses(file.subgraphs[use.operator.subgraph])
        waiting += [later for index in use.operator.outputs for later in by_tensor[index]]
    return found


def count_operators(file: File) -> dict[str, int]:
    """Counts the operators of a file by name, in alphabetical order."""
    return dict(sorted(Counter(operator.name for operator in file.operators).items()))


def _uses(subgraph: Subgraph) -> dict[int, list[Use]]:
    uses: dict[int, list[Use]] = defaultdict(list)
    for operator in subgraph.operators:
        for position, index in enumerate(operator.inputs):
            uses[index].append(Use(operator, position))
    return uses


def _outside(subgraph: Subgraph) -> dict[int, list[str]]:
    ends: dict[int, list[str]] = defaultdict(list)
    for index in subgraph.inputs:
        ends[index].append("input")
    for index in subgraph.outputs:
        ends[index].append("output")
    return ends
