"""What can go wrong with a TFLite file, here or on another CPU, told from its bytes alone.

Ten cases are known. Some are wrong on every CPU, some only on phones, one kills the interpreter;
none is announced by the converter or the runtime:

    G1   blocks along inputs that they do not divide: the last inputs are dropped
    G2   float16 in blocks: NaN
    G3   sparse integers beside float activations: no allocation, or outputs from outside
    G4   sparse int8 Dense weights, element by element: no allocation from LiteRT 2.1.6 on
    G5   a graph that phones rewrite in part: garbage on ARM and on x86 without AVX
    G6   an average or a sum that keeps its dimensions at the end of such a part, before a 1x1
         convolution for instance: the same, or no allocation
    G7   sparse float16 weights of a transposed convolution: NaN
    G8   a sparsity description that contradicts itself: the interpreter may die
    G9   blocks larger than the weight
    G10  weights kept as variables, as when tfmot's wrappers are not stripped: twice the size
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tfticket.errors import CorruptFileError
from tfticket.tflite import graph, xnnpack
from tfticket.tflite.file import File, Tensor

__all__ = ["Hazard", "hazards"]

INT8_BLOCK = 16
WRAPPER = "prune_low_magnitude"


@dataclass(frozen=True)
class Hazard:
    """One thing about a file that can go wrong, here or elsewhere.

    Args:
        code: short name of the case, `"G1"` to `"G10"`.
        tensor: name of the constant it concerns; empty for the whole graph.
        message: what happens and what to do.
    """

    code: str
    tensor: str
    message: str


MESSAGES = {
    "G1": "blocks of {block} do not divide {size} inputs: the last {tail} are silently dropped."
    " Encode it element by element",
    "G2": "float16 in blocks gives NaN. Encode it element by element, or as float32",
    "G3": "sparse integers beside float activations fail to allocate, or read outside the weight:"
    " wrong outputs, crashes on ARM. Store them densely",
    "G4": "a sparse int8 Dense weight that is not in blocks of 1x16 fails to allocate from LiteRT"
    " 2.1.6 on. Store it densely: that is faster, too",
    "G5": "{reason}. The outputs are right on x86 with AVX; on ARM and older x86 they {are}"
    " garbage. Store the weights of this graph densely",
    "G6": "{reason}. On ARM and older x86 this fails to allocate, or {are} garbage",
    "G7": "sparse float16 weights of a transposed convolution give NaN with XNNPACK. Store them"
    " densely",
    "G8": "{reason}. The interpreter may die of it: run the file in a process of its own",
    "G9": "blocks of {block} are larger than the dimension of {size} that they divide",
    "G10": "a weight is kept as a variable, as when tfmot's wrappers are not stripped: up to twice"
    " the size, and never sparse. Call `tfmot.sparsity.keras.strip_pruning(model)` first",
}


def hazards(file: File) -> tuple[Hazard, ...]:
    """Lists what can go wrong with a file.

    Args:
        file: ours or anybody's.

    Returns:
        The hazards, those of single weights first; none means that none of the known cases
        applies, not that the file is right.
    """
    found: list[Hazard] = []
    has_densify = False
    for constant in graph.constants(file):
        found += _wrapped(constant)
        for tensor in constant.tensors:
            if tensor.sparsity is not None:
                has_densify |= any(use.name == "DENSIFY" for use in constant.uses)
                found += _of_sparse(file, constant, tensor, tensor.sparsity.blocks)
    if has_densify:
        found += _of_graph(file)
    return tuple(dict.fromkeys([*found, *_named_after_wrappers(file, found)]))


def _of_sparse(
    file: File, constant: graph.Constant, tensor: Tensor, divided: dict[int, int]
) -> Iterator[Hazard]:
    readers = graph.readers(file, constant)
    misfit = _misfit(tensor, divided)
    if misfit:
        yield misfit
    else:
        try:
            tensor.dense_values()
        except CorruptFileError as error:
            yield _hazard("G8", tensor.name, reason=str(error))
    if tensor.type == "float16" and divided:
        yield _hazard("G2", tensor.name)
    if tensor.type == "float16" and any(use.name == "TRANSPOSE_CONV" for use in readers):
        yield _hazard("G7", tensor.name)
    if tensor.type in ("int8", "uint8", "int4"):
        yield from _of_integers(file, tensor.name, readers, divided)


def _misfit(tensor: Tensor, divided: dict[int, int]) -> Hazard | None:
    name, shape = tensor.name, tensor.shape
    for dimension, block in divided.items():
        if not 0 <= dimension < len(shape) or block < 1:
            return _hazard("G8", name, reason=f"blocks of {block} in dimension {dimension}")
        size = shape[dimension]
        if block > size:
            return _hazard("G9", name, block=block, size=size)
        if size % block:
            return _hazard("G1", name, block=block, size=size, tail=size % block)
    return None


def _of_integers(
    file: File, name: str, readers: list[graph.Use], divided: dict[int, int]
) -> Iterator[Hazard]:
    for use in readers:
        if use.name not in graph.WEIGHT_READERS or use.position != graph.WEIGHT_INPUT:
            continue
        data = use.position + 1 if use.name == "TRANSPOSE_CONV" else 0
        tensors = file.subgraphs[use.operator.subgraph].tensors
        if tensors[use.operator.inputs[data]].type.startswith("float"):
            yield _hazard("G3", name)
        elif use.name == "FULLY_CONNECTED" and divided.get(1) != INT8_BLOCK:
            yield _hazard("G4", name)


def _of_graph(file: File) -> Iterator[Hazard]:
    found = xnnpack.cluster(file, only_sparse=True)
    if found.state == "unsound":
        are = "are" if found.is_certain else "may be"
        yield _hazard(found.code, "", reason=found.reason, are=are)


def _wrapped(constant: graph.Constant) -> Iterator[Hazard]:
    is_kernel = len(constant.tensor.shape) >= 2
    if is_kernel and any(use.name == "ASSIGN_VARIABLE" for use in constant.uses):
        yield _hazard("G10", constant.tensor.name)


def _named_after_wrappers(file: File, found: list[Hazard]) -> Iterator[Hazard]:
    names = (tensor.name for subgraph in file.subgraphs for tensor in subgraph.tensors)
    first = next((name for name in names if WRAPPER in name), "")
    if first and not any(hazard.code == "G10" for hazard in found):
        yield _hazard("G10", first)


def _hazard(code: str, tensor: str, **details: Any) -> Hazard:
    return Hazard(code, tensor, MESSAGES[code].format(**details))
