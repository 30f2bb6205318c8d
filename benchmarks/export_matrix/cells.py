"""The cells of the matrix: small networks, four ways to prune them, four types of weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

TYPES = ("float32", "float16", "dynamic", "int8")
#: Of every mask: how many inputs stand or fall together, and the share of zeros.
MASKS = {
    "elementwise 80 %": (1, 0.8),
    "1x4 80 %": (4, 0.8),
    "1x16 80 %": (16, 0.8),
    "elementwise 98 %": (1, 0.98),
}
NUM_EXAMPLES = 12


@dataclass(frozen=True)
class Kind:
    """A network around one kind of layer.

    Args:
        shape: of one input.
        input_axis: of the kernel that is pruned; its blocks lie along it.
        layers: names, classes and arguments of its layers; the one named `pruned` is pruned.
    """

    shape: tuple[int, ...]
    input_axis: int
    layers: tuple[tuple[str, tuple, dict], ...]


def _images(name: str, *arguments: Any, axis: int, channels: int = 16, **options: Any) -> Kind:
    around = (
        (name, arguments, {"name": "pruned", **options}),
        ("ReLU", (), {}),
        ("GlobalAveragePooling2D", (), {}),
        ("Dense", (6,), {"name": "head"}),
    )
    return Kind((6, 6, channels), axis, around)


def _sequences(name: str, *arguments: Any, axis: int, **options: Any) -> Kind:
    end = () if name == "LSTM" else (("GlobalAveragePooling1D", (), {}),)
    layers = (
        (name, arguments, {"name": "pruned", **options}),
        *end,
        ("Dense", (6,), {"name": "head"}),
    )
    return Kind((5, 32), axis, layers)


KINDS = {
    "Dense": Kind(
        (64,),
        0,
        (
            ("Dense", (96,), {"name": "pruned", "activation": "relu"}),
            ("Dense", (6,), {"name": "head"}),
        ),
    ),
    "Conv 1x1": _images("Conv2D", 64, 1, axis=2, channels=32),
    "Conv 3x3": _images("Conv2D", 32, 3, axis=2),
    "depthwise": _images("DepthwiseConv2D", 3, axis=2, channels=128),
    "transposed": _images("Conv2DTranspose", 32, 3, axis=3),
    "Conv1D": _sequences("Conv1D", 48, 3, axis=1),
    "LSTM": _sequences("LSTM", 24, axis=0),
    "LSTM unrolled": _sequences("LSTM", 24, axis=0, unroll=True),
}


def network(keras: Any, kind: str, mask: str) -> Any:
    """Builds the pruned network of a cell; its weights are random, the same every time."""
    given = KINDS[kind]
    keras.utils.set_random_seed(0)
    layers = [getattr(keras.layers, name)(*a, **options) for name, a, options in given.layers]
    model = keras.Sequential([keras.layers.Input(given.shape), *layers])
    block, sparsity = MASKS[mask]
    pruned = model.get_layer("pruned")
    kernels = [
        _prune(weight, given.input_axis, block, sparsity) if weight.ndim > 1 else weight
        for weight in pruned.get_weights()
    ]
    pruned.set_weights(kernels)
    return model


def examples(kind: str) -> np.ndarray:
    """Draws the inputs of a cell, which int8 is calibrated on, too."""
    size = (NUM_EXAMPLES, *KINDS[kind].shape)
    return np.random.default_rng(1).normal(size=size).astype(np.float32)


def _prune(weight: np.ndarray, axis: int, block: int, sparsity: float) -> np.ndarray:
    moved = np.moveaxis(weight, axis, 0)
    width = min(block, len(moved))  # of a recurrent kernel, which has its units for inputs
    rows = -(-len(moved) // width)
    kept = np.random.default_rng(0).random((rows, *moved.shape[1:])) >= sparsity
    masked = moved * np.repeat(kept, width, axis=0)[: len(moved)]
    return np.moveaxis(masked, 0, axis)
