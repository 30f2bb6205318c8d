"""Which graphs XNNPACK rewrites for its sparse convolutions, on ARM and on x86 without AVX.

One DENSIFY operator makes XNNPACK look for clusters to compute channel by channel. A cluster
enters through a 3x3 stride-2 convolution on 3 channels with a padding of 1 on every side, and
leaves through a global average. If an operator in between is not one of a few, or the average
keeps its dimensions for a 1x1 convolution, XNNPACK rewrites one part and not the other: the file
is right on x86 with AVX, and garbage or refused elsewhere. So this is decided on the graph, here.

References:
    - XNNPACK, `src/subgraph.c`, `xnn_check_nchw_compatibility` and
      `xnn_subgraph_rewrite_for_nchw`: https://github.com/google/XNNPACK/blob/master/src/subgraph.c
    - Elsen et al. 2020, Fast Sparse ConvNets: https://arxiv.org/abs/1911.09723
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tfticket.export import flatbuffer, graph

UNARY = {"RELU", "RELU6", "RELU_N1_TO_1", "ELU", "LOGISTIC", "HARD_SWISH", "TANH"}
BINARY = {"ADD", "MUL"}
PADDINGS = {"PAD", "PADV2"}
SAME, VALID = 0, 1
IMAGE_CHANNELS = 3


@dataclass(frozen=True)
class Cluster:
    """What XNNPACK's rewriting for sparse convolutions would find in a graph.

    Args:
        state: `"none"`: nothing to rewrite; `"sound"`: all of it can be; `"unsound"`: only a
            part, so the outputs would be wrong.
        reason: what makes it unsound.
        code: which of the known cases that is, `"G5"` or `"G6"`.
        weights: `(subgraph, tensor)` of the 1x1 kernels inside, unpacked.
    """

    state: Literal["none", "sound", "unsound"]
    reason: str = ""
    code: str = ""
    weights: tuple[tuple[int, int], ...] = ()


def cluster(model: Any) -> Cluster:
    """Says what XNNPACK would make of a graph that holds a DENSIFY operator.

    Args:
        model: a `ModelT`.

    Returns:
        A `Cluster`; a sound one is rewritten only if over two thirds of its weights are zero.
    """
    found = [_Walk(model, number).cluster() for number in range(len(model.subgraphs))]
    for state in ("unsound", "sound"):
        for one in found:
            if one.state == state:
                return one
    return Cluster("none")


def densify_hazard(model: Any) -> str:
    """Says why a DENSIFY operator here could go wrong on other CPUs; empty if it cannot."""
    found = cluster(model)
    return f"{found.code}: {found.reason}" if found.state == "unsound" else ""


class _Walk:
    """Follows one subgraph from its entries to its global averages."""

    def __init__(self, model: Any, number: int):
        self._model, self._number = model, number
        self._tensors = model.subgraphs[number].tensors
        self._operators = list(model.subgraphs[number].operators or [])
        self._names = [flatbuffer.operator_name(model, o) for o in self._operators]
        self._makers = {int(t): i for i, o in enumerate(self._operators) for t in o.outputs}

    def cluster(self) -> Cluster:
        entries = [i for i in range(len(self._operators)) if self._is_entry(i)]
        if not entries:
            return Cluster("none")
        inside = {int(t) for i in entries for t in self._operators[i].outputs}
        weights: list[tuple[int, int]] = []
        exits: set[int] = set()
        for i, operator in enumerate(self._operators):
            if i in entries or not inside & set(_places(operator.inputs)):
                continue
            if self._names[i] == "MEAN":
                exits |= set(_places(operator.outputs))
                if operator.builtinOptions.keepDims:
                    return Cluster("unsound", KEEPDIMS, "G6")
                if self._constant(operator, 1) not in ([1, 2], [2, 1]):
                    return Cluster("unsound", f"{OBSTACLE} a mean over other axes", "G5")
                continue
            reason = self._obstacle(i, inside)
            if reason:
                return Cluster("unsound", reason, "G5")
            inside |= set(_places(operator.outputs))
            if self._names[i] == "CONV_2D":
                weights.append((self._number, int(operator.inputs[graph.WEIGHT_INPUT])))
        if inside & set(_places(self._model.subgraphs[self._number].outputs)) or not exits:
            return Cluster("unsound", NO_EXIT, "G5")
        return Cluster("sound", weights=tuple(weights))

    def _is_entry(self, i: int) -> bool:
        if self._names[i] != "CONV_2D" or self._kernel(i)[1:] != (3, 3, IMAGE_CHANNELS):
            return False
        options = self._operators[i].builtinOptions
        if _strides(options) != (2, 2):
            return False
        if options.padding == VALID:
            return self._padding(i) == 1
        # "same" pads an even image on one side only, which XNNPACK leaves alone.
        return any(n % 2 or n < 2 for n in self._shape(int(self._operators[i].inputs[0]))[1:3])

    def _obstacle(self, i: int, inside: set[int]) -> str:
        name, operator = self._names[i], self._operators[i]
        if name in UNARY:
            return ""
        if name in BINARY:
            return self._binary_obstacle(operator, inside)
        if name in PADDINGS:
            return self._padding_obstacle(operator)
        if name == "CONV_2D":
            plain = self._kernel(i)[1:3] == (1, 1) and _strides(operator.builtinOptions) == (1, 1)
            return "" if plain else f"{OBSTACLE} a convolution other than 1x1 with stride 1"
        if name == "DEPTHWISE_CONV_2D":
            return "" if self._is_plain_depthwise(i) else f"{OBSTACLE} {DEPTHWISE}"
        return f"{OBSTACLE} {name}"

    def _binary_obstacle(self, operator: Any, inside: set[int]) -> str:
        for place in _places(operator.inputs):
            if place not in inside and place in self._makers:
                return f"{OBSTACLE} a sum with what did not pass the first convolution"
            if place not in inside and max(self._shape(place), default=1) != self._size(place):
                return f"{OBSTACLE} a constant that is no vector"
            if len(self._shape(place)) != 4 and place in inside:
                return f"{OBSTACLE} a sum of other than images"
        return ""

    def _padding_obstacle(self, operator: Any) -> str:
        outputs = set(_places(operator.outputs))
        readers = [i for i, o in enumerate(self._operators) if outputs & set(_places(o.inputs))]
        alone = len(readers) == 1 and self._names[readers[0]] == "DEPTHWISE_CONV_2D"
        return "" if alone else f"{OBSTACLE} a padding before other than a depthwise convolution"

    def _is_plain_depthwise(self, i: int) -> bool:
        size, options = self._kernel(i)[1:3], self._operators[i].builtinOptions
        is_known = size in ((3, 3), (5, 5)) and max(options.depthMultiplier, 1) == 1
        if not is_known or (options.dilationHFactor, options.dilationWFactor) != (1, 1):
            return False
        if options.padding == SAME:
            return _strides(options) == (1, 1) and self._maker(i) not in PADDINGS
        return _strides(options) in ((1, 1), (2, 2)) and self._padding(i) == size[0] // 2

    def _padding(self, i: int) -> int:
        """The padding of an unpadded convolution by the PAD before it, equal on every side."""
        if self._operators[i].builtinOptions.padding != VALID or self._maker(i) not in PADDINGS:
            return 0
        pad = self._operators[self._makers[int(self._operators[i].inputs[0])]]
        sides = self._constant(pad, 1)
        if len(sides) != 8 or any(sides[:2] + sides[6:]) or len(set(sides[2:6])) > 1:
            return 0
        return sides[2]

    def _constant(self, operator: Any, position: int) -> list[int]:
        tensor = self._tensors[int(operator.inputs[position])]
        values = flatbuffer.stored_values(self._model, tensor)
        return [] if values is None else [int(value) for value in values]

    def _maker(self, i: int) -> str:
        maker = self._makers.get(int(self._operators[i].inputs[0]))
        return "" if maker is None else self._names[maker]

    def _kernel(self, i: int) -> tuple[int, ...]:
        return self._shape(int(self._operators[i].inputs[graph.WEIGHT_INPUT]))

    def _shape(self, place: int) -> tuple[int, ...]:
        return flatbuffer.shape(self._tensors[place])

    def _size(self, place: int) -> int:
        return int(np.prod(self._shape(place), dtype=np.int64))


OBSTACLE = "phones compute this graph channel by channel beside DENSIFY, but not"
DEPTHWISE = "a depthwise convolution other than 3x3 or 5x5, padded by half on every side"
KEEPDIMS = (
    "phones compute this graph channel by channel beside DENSIFY, up to a global average that"
    " keeps its dimensions: let Dense follow it"
)
NO_EXIT = (
    "phones compute this graph channel by channel beside DENSIFY, and it ends without a global"
    " average"
)


def _strides(options: Any) -> tuple[int, int]:
    return int(options.strideH), int(options.strideW)


def _places(vector: Any) -> list[int]:
    return [] if vector is None else [int(place) for place in vector if place >= 0]
