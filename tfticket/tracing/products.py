"""What a layer multiplies its kernel with, as matrices: for scores that look at inputs.

Whatever a layer's axes are, its kernel is a stack of matrices `[groups, inputs, outputs]`, and what
it is given is `[groups, rows, inputs]`: each output of a group is a sum over that group's inputs.
A convolution's inputs are the patches that its kernel meets.
"""

from __future__ import annotations

import abc
import contextlib
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfticket import _keras
from tfticket._lazy import tf
from tfticket.kinds import call_kind, is_altered, kinds

__all__ = ["Product", "products", "watched"]

_DENSE = {"Dense"}
_CONVOLUTIONS = {"Conv1D", "Conv2D"}
_DEPTHWISE = {"DepthwiseConv1D", "DepthwiseConv2D"}
#: Where their `call` is, which is a class that they share with others in some versions.
_CONVOLVING = {*_CONVOLUTIONS, *_DEPTHWISE, "BaseConv", "Conv", "BaseDepthwiseConv"}


@dataclass(frozen=True)
class Product(abc.ABC):
    """A kernel and the layer that multiplies it with what it is given.

    Args:
        layer: of either Keras, built.
        shape: of the kernel.
    """

    layer: Any
    shape: tuple[int, ...]

    @abc.abstractmethod
    def matrices(self, kernel: np.ndarray) -> np.ndarray:
        """Returns a kernel, or anything of its shape, as `[groups, inputs, outputs]`."""

    @abc.abstractmethod
    def kernel(self, matrices: np.ndarray) -> np.ndarray:
        """Returns in the kernel's shape what `matrices` returned."""

    @abc.abstractmethod
    def rows(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns what a layer is given as float32 `[groups, rows, inputs]`."""


@dataclass(frozen=True)
class _Dense(Product):
    def matrices(self, kernel: np.ndarray) -> np.ndarray:
        return kernel[None]

    def kernel(self, matrices: np.ndarray) -> np.ndarray:
        return matrices[0]

    def rows(self, inputs: tf.Tensor) -> tf.Tensor:
        return tf.reshape(inputs, (1, -1, self.shape[0]))


@dataclass(frozen=True)
class _Einsum(Product):
    """A sum over the axes that are not in the output, one for each of those in all three."""

    axes: tuple[tuple[int, ...], ...]
    order: str

    @classmethod
    def of(cls, layer: Any, shape: tuple[int, ...]) -> _Einsum | str:
        """Reads the equation, or says why it is no product of matrices."""
        operands, output = layer.equation.replace(" ", "").split("->")
        given, kernel = operands.split(",")
        summed = [a for a in kernel if a not in output]
        if any(a not in given for a in summed):
            return f"{layer.equation} sums over an axis of the kernel alone"
        if any(a not in output and a not in kernel for a in given.replace(".", "")):
            return f"{layer.equation} sums over an axis of the inputs alone"
        groups = [a for a in kernel if a in output and a in given]
        outputs = [a for a in kernel if a in output and a not in given]
        axes = tuple(tuple(kernel.index(a) for a in part) for part in (groups, summed, outputs))
        others = given.replace("...", "")
        rows = "".join(a for a in others if a not in kernel)
        leading = "..." if "..." in given else ""
        order = f"{given}->{''.join(groups)}{leading}{rows}{''.join(summed)}"
        if leading and groups:
            return f"{layer.equation} has both an ellipsis and an axis of all three"
        return cls(layer, shape, axes, order)

    def matrices(self, kernel: np.ndarray) -> np.ndarray:
        order = [axis for axes in self.axes for axis in axes]
        return kernel.transpose(order).reshape(self._sizes())

    def kernel(self, matrices: np.ndarray) -> np.ndarray:
        order = [axis for axes in self.axes for axis in axes]
        return matrices.reshape([self.shape[a] for a in order]).transpose(np.argsort(order))

    def rows(self, inputs: tf.Tensor) -> tf.Tensor:
        groups, num_inputs, _ = self._sizes()
        return tf.reshape(tf.einsum(self.order, inputs), (groups, -1, num_inputs))

    def _sizes(self) -> list[int]:
        return [math.prod(self.shape[a] for a in axes) for axes in self.axes]


@dataclass(frozen=True)
class _Convolution(Product):
    """Convolutions of images and sequences; those of groups of channels group by group."""

    groups: int

    def matrices(self, kernel: np.ndarray) -> np.ndarray:
        kernel = kernel.reshape(-1, self._inputs(), self.groups, self._outputs())
        return kernel.transpose(2, 0, 1, 3).reshape(self.groups, -1, self._outputs())

    def kernel(self, matrices: np.ndarray) -> np.ndarray:
        parts = matrices.reshape(self.groups, -1, self._inputs(), self._outputs())
        return parts.transpose(1, 2, 0, 3).reshape(self.shape)

    def rows(self, inputs: tf.Tensor) -> tf.Tensor:
        patches = _patches(self.layer, inputs, len(self.shape) - 2)
        parts = tf.reshape(patches, (-1, math.prod(self.shape[:-2]), self.groups, self._inputs()))
        num_inputs = math.prod(self.shape[:-2]) * self._inputs()
        return tf.reshape(tf.transpose(parts, (2, 0, 1, 3)), (self.groups, -1, num_inputs))

    def _inputs(self) -> int:
        return 1 if self._is_depthwise() else self.shape[-2]

    def _outputs(self) -> int:
        return self.shape[-1] if self._is_depthwise() else self.shape[-1] // self.groups

    def _is_depthwise(self) -> bool:
        return bool(kinds(self.layer) & _DEPTHWISE)


def products(model: Any, paths: Iterable[str]) -> tuple[dict[str, Product], dict[str, str]]:
    """Finds what multiplies each kernel.

    Args:
        model: a built model of either Keras.
        paths: weight paths.

    Returns:
        `{path: Product}` in the order of `paths`, and the others with the reason why they have
        none: what is no kernel of a Dense, EinsumDense, one- or two-dimensional convolution.
    """
    wanted = list(paths)
    found: dict[str, Product | str] = {}
    for below, layer, own in _keras.walk(model):
        for name, variable in own:
            path = _keras.path_below(below, name)
            if path in wanted:
                shape = tuple(int(n) for n in variable.shape)
                found[path] = _product(layer, name, shape)
    reasons = {p: found.get(p, "there is no such weight") for p in wanted}
    return (
        {p: product for p, product in reasons.items() if isinstance(product, Product)},
        {p: reason for p, reason in reasons.items() if isinstance(reason, str)},
    )


@contextlib.contextmanager
def watched(found: dict[str, Product], take: Callable[[str, tf.Tensor], None]) -> Iterator[None]:
    """Hands on what each layer is given, inside a `with` block in which the model is called.

    TensorFlow's functions run eagerly meanwhile, so that there are values.

    Args:
        found: products by weight path.
        take: called with the path and `[groups, rows, inputs]`, at each call of the layer.
    """
    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        for path, product in found.items():
            _watch(product, path, take)
        yield
    finally:
        for product in found.values():
            vars(product.layer).pop("call", None)
        tf.config.run_functions_eagerly(before)


def _watch(product: Product, path: str, take: Callable[[str, tf.Tensor], None]) -> None:
    call = product.layer.call

    def watching(*args: Any, **options: Any) -> Any:
        inputs = args[0] if args else options["inputs"]
        take(path, product.rows(tf.cast(inputs, tf.float32)))
        return call(*args, **options)

    vars(product.layer)["call"] = watching  # past `__setattr__`, which tracks what it is given


def _product(layer: Any, name: str, shape: tuple[int, ...]) -> Product | str:
    kind = call_kind(layer)
    if is_altered(layer):
        return "Keras has put another kernel in its place"
    if "call" in vars(layer):
        return "something else has replaced the layer's `call`"
    if kind in _DENSE and name == "kernel":
        return _Dense(layer, shape)
    if kind == "EinsumDense" and name == "kernel":
        return _Einsum.of(layer, shape)
    if kind in _CONVOLVING and kinds(layer) & _CONVOLUTIONS and name == "kernel":
        return _Convolution(layer, shape, int(layer.groups))
    if kind in _CONVOLVING and kinds(layer) & _DEPTHWISE and len(shape) > 2:
        return _Convolution(layer, shape, shape[-2])
    return f"{type(layer).__name__} is not known to multiply {name!r} with its inputs"


def _patches(layer: Any, inputs: tf.Tensor, rank: int) -> tf.Tensor:
    """Returns the patches that a kernel meets, positions first and channels last within each."""
    if layer.data_format == "channels_first":
        inputs = tf.transpose(inputs, (0, *range(2, rank + 2), 1))
    size, strides, dilation = layer.kernel_size, layer.strides, layer.dilation_rate
    padding = layer.padding
    if padding == "causal":
        inputs = tf.pad(inputs, ((0, 0), (dilation[0] * (size[0] - 1), 0), (0, 0)))
        padding = "valid"
    if rank == 1:
        inputs = inputs[:, None]
    alone = (1,) * (3 - rank)
    return tf.image.extract_patches(
        inputs,
        sizes=(*alone, *size, 1),
        strides=(*alone, *strides, 1),
        rates=(*alone, *dilation, 1),
        padding=padding.upper(),
    )
