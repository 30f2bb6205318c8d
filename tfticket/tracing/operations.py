"""One operation of a traced function, and how to run it again in float64."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfticket._lazy import tf

__all__ = ["RULES", "Node", "Rule", "repeated", "widened"]

_FEW_POSITIONS = 32


@dataclass(frozen=True)
class Node:
    """One operation of a function, as rules see it.

    Attributes:
        definition: the operation's node definition.
        function: the definition of the function it stands in.
        is_main: whether that is the traced function itself and not one it calls.
        varying: for each input, whether it depends on the example and not on variables alone.
    """

    definition: Any
    function: Any
    is_main: bool = True
    varying: tuple[bool, ...] = ()

    @property
    def op(self) -> str:
        """The kind of operation, such as `"MatMul"`."""
        return self.definition.op

    def attribute(self, name: str) -> Any:
        """Returns an attribute that is not a type, or a list of such, as Python value."""
        value = self.definition.attr[name]
        kind = value.WhichOneof("value")
        if kind == "list":
            return [_plain(f.name, v) for f, vs in value.list.ListFields() for v in vs]
        return _plain(kind, getattr(value, kind))

    @property
    def name(self) -> str:
        """The operation's name; it begins with the names of the layers around it."""
        return self.definition.name


#: What an operation does instead of itself: `rule(node, inputs) -> first output`.
Rule = Callable[[Node, list], Any]


def repeated(node: Node, inputs: list) -> dict[str, list]:
    """Adds the same operation on other inputs to the function that is being traced now.

    Args:
        node: the operation.
        inputs: one tensor per input; floats in float64.

    Returns:
        Its outputs by name, each a list of tensors.

    Raises:
        ValueError: if the operation does not exist in float64.
    """
    attributes = {
        name: _in_float64(value)
        for name, value in node.definition.attr.items()
        if not name.startswith("_")  # hints, and custom gradients, which belong to the old graph
    }
    graph = tf.compat.v1.get_default_graph()
    try:
        operation = graph.create_op(node.op, inputs, attrs=attributes)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise ValueError(
            "`model` must be made of operations that exist in float64: its operation"
            f" {node.name!r} ({node.op}) does not. {error}"
        ) from error
    outputs, rest = {}, list(operation.outputs)
    for described in operation.op_def.output_arg:
        count = 1
        if described.number_attr:
            count = operation.get_attr(described.number_attr)
        elif described.type_list_attr:
            count = len(operation.get_attr(described.type_list_attr))
        outputs[described.name], rest = rest[:count], rest[count:]
    return outputs


def _in_float64(value: Any) -> Any:
    """Copies an attribute with every floating-point type widened."""
    value = type(value).FromString(value.SerializeToString())
    if value.WhichOneof("value") == "type":
        value.type = _wide(value.type)
    elif value.WhichOneof("value") == "list" and value.list.type:
        value.list.type[:] = [_wide(t) for t in value.list.type]
    return value


def _wide(enum: int) -> int:
    """The widest type of the same kind: complex numbers are two floats."""
    dtype = tf.as_dtype(enum)
    if dtype.is_complex:
        return tf.complex128.as_datatype_enum
    return tf.float64.as_datatype_enum if dtype.is_floating else enum


def widened(value: Any) -> np.ndarray:
    """Returns floats of any width as float64.

    A single number is taken by its shortest decimal: 1e-3 written in a layer is the float64 1e-3,
    not the float64 of its float32.

    >>> float(widened(np.float32(1e-3)))
    0.001

    Args:
        value: an array of any type; other types than floats are returned as they are, complex
            numbers as complex128.
    """
    value = np.asarray(value)
    if tf.as_dtype(value.dtype).is_complex:
        return value.astype(np.complex128)
    if not tf.as_dtype(value.dtype).is_floating:
        return value
    return np.asarray(str(value[()]), np.float64) if value.ndim == 0 else value.astype(np.float64)


def _plain(kind: str, value: Any) -> Any:
    """Turns one attribute value into Python's own kind."""
    if kind == "shape":
        return tf.TensorShape(value)
    return float(widened(np.float32(value))) if kind == "f" else value


def _constant(node: Node, inputs: list) -> tf.Tensor:
    return tf.constant(widened(tf.make_ndarray(node.definition.attr["value"].tensor)))


def _first_input(node: Node, inputs: list) -> tf.Tensor:
    return inputs[0]  # a variable is replayed as the tensor of its value


def _gather(node: Node, inputs: list) -> tf.Tensor:
    return tf.gather(*inputs, batch_dims=node.attribute("batch_dims"))


def _gather_nd(node: Node, inputs: list) -> tf.Tensor:
    return tf.gather_nd(*inputs)


def _shape(node: Node, inputs: list) -> tf.Tensor:
    return tf.shape(inputs[0], tf.as_dtype(node.definition.attr["out_type"].type))


def _batch_norm(node: Node, inputs: list) -> tf.Tensor:
    """The fused operation exists in float32 only; in evaluation mode it is this."""
    x, scale, offset, mean, variance = inputs
    if node.attribute("is_training"):
        raise ValueError(f"`model` must use moving statistics in evaluation mode: {node.name!r}")
    if node.attribute("data_format").startswith(b"NC"):
        shape = [-1, *[1] * (x.shape.rank - 2)]
        scale, offset, mean, variance = (tf.reshape(v, shape) for v in inputs[1:])
    return tf.nn.batch_normalization(
        x, mean, variance, offset, scale, variance_epsilon=node.attribute("epsilon")
    )


def _convolution(node: Node, inputs: list) -> tf.Tensor:
    """On small images the gradient of the kernel is twice as fast as one matrix product."""
    (output,) = repeated(node, inputs)["output"]
    padding, strides = node.attribute("padding"), node.attribute("strides")
    positions = output.shape[:3].num_elements() or _FEW_POSITIONS + 1
    plain = padding != b"EXPLICIT" and node.attribute("data_format") == b"NHWC"
    if positions > _FEW_POSITIONS or not plain or inputs[0].shape[-1] != inputs[1].shape[2]:
        return output
    rates = node.attribute("dilations")

    @tf.custom_gradient
    def convolved(x: tf.Tensor, kernel: tf.Tensor) -> tuple:
        def gradients(flow: tf.Tensor) -> tuple:
            back = tf.raw_ops.Conv2DBackpropInput(
                input_sizes=tf.shape(x),
                filter=kernel,
                out_backprop=flow,
                strides=strides,
                padding=padding,
                dilations=rates,
            )
            sizes = [1, *kernel.shape[:2], 1]
            patches = tf.image.extract_patches(x, sizes, strides, rates, padding.decode())
            patches = tf.reshape(patches, [positions, -1])
            flow = tf.reshape(flow, [positions, -1])
            return back, tf.reshape(tf.matmul(patches, flow, transpose_a=True), kernel.shape)

        return output, gradients

    return convolved(*inputs)  # pyright: ignore[reportReturnType]


def _resized(node: Node, inputs: list) -> tf.Tensor:
    """Resizing gives float32 whatever it is given: the range at least is kept."""
    largest = tf.stop_gradient(tf.reduce_max(tf.abs(inputs[0])))
    largest = tf.where(largest > 0, largest, 1)
    outputs = repeated(node, [inputs[0] / largest, inputs[1]])
    return tf.cast(outputs["resized_images"][0], tf.float64) * largest


def _rescaled(node: Node, inputs: list) -> tf.Tensor:
    """Antialiased resizing, which has a gradient in float32 only; again the range is kept."""
    options = {n: node.attribute(n) for n in ("kernel_type", "antialias")}
    scale, translation = (tf.cast(i, tf.float32) for i in inputs[2:])
    options |= {"scale": scale, "translation": translation}

    def resized(x: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.ScaleAndTranslate(images=x, size=inputs[1], **options)

    @tf.custom_gradient
    def wide(x: tf.Tensor) -> tuple:
        def gradient(flow: tf.Tensor) -> tf.Tensor:
            narrow, largest = _narrowed(flow)
            place = tf.zeros(tf.shape(x), tf.float32)  # it is linear: the same everywhere
            (found,) = tf.gradients(resized(place), [place], [narrow])
            return tf.cast(found, tf.float64) * largest

        narrow, largest = _narrowed(x)
        return tf.cast(resized(narrow), tf.float64) * largest, gradient

    return wide(inputs[0])  # pyright: ignore[reportReturnType]


def _narrowed(value: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns a tensor in float32 with entries up to 1, and what they are to be multiplied by."""
    largest = tf.reduce_max(tf.abs(value))
    largest = tf.where(largest > 0, largest, 1)
    return tf.cast(value / largest, tf.float32), largest


def _max_pool_3d(node: Node, inputs: list) -> tf.Tensor:
    """The maximum over height and width, then over depth: the whole exists in float32 only."""
    return _pooled_3d(node, inputs, tf.nn.max_pool2d)


def _average_pool_3d(node: Node, inputs: list) -> tf.Tensor:
    """The same with means, which count no padding, so that those over depth have equal parts."""
    return _pooled_3d(node, inputs, tf.nn.avg_pool2d)


def _pooled_3d(node: Node, inputs: list, pool: Callable) -> tf.Tensor:
    (x,) = inputs
    size, strides = node.attribute("ksize"), node.attribute("strides")
    padding = node.attribute("padding").decode()
    batch, depth, height, width, channels = x.shape
    x = tf.reshape(x, [-1, height, width, channels])
    x = pool(x, size[2:4], strides[2:4], padding)
    _, height, width, _ = x.shape
    x = tf.reshape(x, [batch or -1, depth, height * width, channels])
    x = pool(x, [size[1], 1], [strides[1], 1], padding)
    return tf.reshape(x, [batch or -1, x.shape[1], height, width, channels])


#: Operations that read variables, are slow, or do not exist in float64 as they are.
RULES: dict[str, Rule] = {
    "AvgPool3D": _average_pool_3d,
    "Const": _constant,
    "Conv2D": _convolution,
    "FusedBatchNorm": _batch_norm,
    "FusedBatchNormV2": _batch_norm,
    "FusedBatchNormV3": _batch_norm,
    "MaxPool3D": _max_pool_3d,
    "ReadVariableOp": _first_input,
    "ResizeBicubic": _resized,
    "ResizeBilinear": _resized,
    "ResourceGather": _gather,
    "ResourceGatherNd": _gather_nd,
    "ScaleAndTranslate": _rescaled,
    "VariableShape": _shape,
}
