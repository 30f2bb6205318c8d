"""Which axes of a kernel are inputs and which are outputs: arrays alone do not tell.

A granularity needs to know: blocks and n:m run along inputs, a channel is an index of the outputs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfticket import _keras
from tfticket.kinds import kinds

__all__ = ["Layout", "layout_of_rank", "layouts"]

_TRANSPOSED = {"Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"}
_DEPTHWISE = {"DepthwiseConv1D", "DepthwiseConv2D"}


@dataclass(frozen=True)
class Layout:
    """The axes of a kernel, counted from the end; those in neither tuple are positions.

    >>> Layout().split(np.zeros((3, 3, 16, 32))).shape  # a Conv2D kernel [h, w, in, out]
    (9, 16, 32)
    >>> Layout(inputs=(-1,), outputs=(-2,)).split(np.zeros((3, 3, 32, 16))).shape  # transposed
    (9, 16, 32)

    Args:
        inputs: axes over which a layer sums.
        outputs: axes that its outputs have.
    """

    inputs: tuple[int, ...] = (-2,)
    outputs: tuple[int, ...] = (-1,)

    def split(self, array: np.ndarray) -> np.ndarray:
        """Returns the array as `[positions, inputs, outputs]`, a view where that is possible."""
        order = self._order(array.ndim)
        sizes = [int(np.prod([array.shape[a] for a in axes])) for axes in order]
        return array.transpose([a for axes in order for a in axes]).reshape(sizes)

    def join(self, parts: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """Returns what was split in the kernel's own shape."""
        axes = [a for axes in self._order(len(shape)) for a in axes]
        return parts.reshape([shape[a] for a in axes]).transpose(np.argsort(axes))

    def _order(self, rank: int) -> tuple[list[int], list[int], list[int]]:
        inputs, outputs = [a % rank for a in self.inputs], [a % rank for a in self.outputs]
        positions = [a for a in range(rank) if a not in inputs and a not in outputs]
        return positions, inputs, outputs


def layout_of_rank(rank: int) -> Layout:
    """Returns Keras' usual layout: inputs and outputs last, as in Dense and Conv kernels."""
    return Layout() if rank > 1 else Layout(inputs=())


def layouts(model: Any, paths: Iterable[str]) -> dict[str, Layout]:
    """Returns the layout of each of a model's weights, read off the layer that owns it.

    Args:
        model: a built model of either Keras.
        paths: weight paths; unknown ones are left out.

    Returns:
        `{path: Layout}`.
    """
    wanted, found = set(paths), {}
    for path, layer, own in _keras.walk(model):
        for name, variable in own:
            full = _keras.path_below(path, name)
            if full in wanted:
                found[full] = _layout(layer, name, len(variable.shape))
    return found


def _layout(layer: Any, name: str, rank: int) -> Layout:
    found = kinds(layer)
    if rank < 2:
        return layout_of_rank(rank)
    if "EinsumDense" in found and name == "kernel":
        return _of_equation(layer.equation)
    if found & _TRANSPOSED:
        return Layout(inputs=(-1,), outputs=(-2,))
    if name == "depthwise_kernel" or found & _DEPTHWISE:
        return Layout(inputs=(), outputs=(-2, -1))  # each channel sees one input, itself
    return Layout()


def _of_equation(equation: str) -> Layout:
    """Reads `"abc,cde->abde"`: inputs are not in the output, outputs are not in what is given."""
    operands, output = equation.replace(" ", "").split("->")
    given, kernel = operands.split(",")
    rank = len(kernel)
    return Layout(
        inputs=tuple(i - rank for i, axis in enumerate(kernel) if axis not in output),
        outputs=tuple(
            i - rank for i, axis in enumerate(kernel) if axis in output and axis not in given
        ),
    )
