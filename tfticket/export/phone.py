"""A plain MobileNet in the shape that XNNPACK's sparse convolutions need, computing the same.

XNNPACK wants stride-2 convolutions padded by 1 on every side. Keras pads an even image at its far
end only. Seen in a mirror that is the near end: then a padding of 1 on both sides adds a last row
and column that no window reaches. So the image is mirrored once at the entry, every kernel with
it, and the global average at the end does not mind.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfticket import _keras
from tfticket.cloning import clone, remade
from tfticket.errors import ExportError
from tfticket.export.checks import require_exportable
from tfticket.kinds import kind
from tfticket.litert.comparison import KERAS_TOLERANCE, difference
from tfticket.litert.evidence import require_seeing

__all__ = ["phone_ready"]

POINTWISE = {
    *("InputLayer", "BatchNormalization", "ReLU", "Activation", "ELU", "Add", "Multiply"),
    *("Dropout", "Softmax", "Rescaling"),
}
LEAST_SPREAD = 1e-2  # from image to image, of the largest output: less shows too little
AFTER = {"Reshape", "Flatten", "Dense"}
NEAR, FAR = ((1, 1), (1, 1)), ((0, 1), (0, 1))


def phone_ready(model: Any) -> Any:
    """Rewrites a MobileNet so that XNNPACK's sparse 1x1 convolutions apply to it.

    Convolutions with stride 2 get a padding of 1 on every side (for even images in a mirror, see
    above), and a global average that keeps its dimensions before 1x1 convolutions becomes one that
    does not, before Dense. Weights are carried over; the outputs are the same but for rounding.

    Args:
        model: functional, of either Keras, with one input `[h, w, 3]` of known size: a
            `MobileNet` or `MobileNetV2` of `keras.applications` for instance. It is not changed.

    Returns:
        A new model. Prune its 1x1 convolutions to more than two thirds, and export it.

    Raises:
        ValueError: if a layer stands in the way, with its name.
        ExportError: if the new model computes something else, or the model gives NaN.
    """
    require_exportable(model)
    keras = _keras.module(model)
    plan = _Plan(keras, model)
    inside = clone(model, plan.replace)
    image = keras.layers.Input(model.input_shape[1:], name="image")
    mirrored = _mirror(keras, _mirror(keras, image, 1), 2) if plan.is_mirrored else image
    new = keras.Model(image, inside(mirrored), name=model.name)
    plan.carry_weights()
    _require_same(plan, model, new)
    return new


class _Plan:
    """Decides what becomes of each layer of a model and remembers what became of it."""

    def __init__(self, keras: Any, model: Any):
        self._keras, self._pairs = keras, []
        self._following = _following(model)
        shape = model.input_shape
        if not isinstance(shape, tuple) or len(shape) != 4 or None in shape[1:] or shape[3] != 3:
            raise ValueError(
                "`model` must have one input of known size, [h, w, 3]. Received:"
                f" model.input_shape={shape}"
            )
        self._averages = [layer for layer in model.layers if _is(layer, "GlobalAveragePooling2D")]
        self._after = {id(x) for layer in self._averages for x in self._reached(layer)}
        self.is_mirrored = any(_is_one_sided(layer) for layer in model.layers)
        for layer in model.layers:
            reason = self._obstacle(layer)
            if reason:
                raise ValueError(
                    "`model` must be a MobileNet, with nothing in it that XNNPACK's sparse"
                    f" convolutions cannot take: {reason}. Received: layer {layer.name!r} of type"
                    f" {type(layer).__name__}"
                )

    def replace(self, layer: Any) -> Any:
        """Returns the layer that takes the place of one."""
        if not _keras.is_layer(layer):
            return remade(layer)
        new = self._replacement(layer)
        self._pairs.append((layer, new))
        return new

    def carry_weights(self) -> None:
        """Copies every weight, mirrored or reshaped where its layer was."""
        for old, new in self._pairs:
            values = old.get_weights()
            if not values:
                continue
            kernel = values[0]
            if kernel.ndim == 4 and self.is_mirrored:
                values[0] = kernel[::-1, ::-1]
            if kernel.ndim == 4 and _is(new, "Dense"):
                values[0] = kernel[0, 0]
            new.set_weights(values)

    def _replacement(self, layer: Any) -> Any:
        layers, config = self._keras.layers, layer.get_config()
        if _is(layer, "ZeroPadding2D") and _padding(layer) == FAR:
            return layers.ZeroPadding2D(1, name=layer.name)
        if _is(layer, "GlobalAveragePooling2D"):
            return layers.GlobalAveragePooling2D(name=layer.name)
        if _is(layer, "Conv2D") and id(layer) in self._after:
            names = ("name", "use_bias", "activation", "filters")
            name, use_bias, activation, units = (config[n] for n in names)
            return layers.Dense(units, activation=activation, use_bias=use_bias, name=name)
        if _has_same_stride_2(layer):
            renamed = {"padding": "valid", "name": f"{layer.name}_valid"}
            padding = layers.ZeroPadding2D(1, name=f"{layer.name}_pad")
            return self._keras.Sequential(
                [padding, remade(layer, lambda _, own: own.update(renamed))], name=layer.name
            )
        return remade(layer)

    def _reached(self, layer: Any) -> list[Any]:
        found, waiting = [], list(self._following[layer.name])
        while waiting:
            one = waiting.pop()
            if all(one is not other for other in found):
                found.append(one)
                waiting += self._following[one.name]
        return found

    def _obstacle(self, layer: Any) -> str:
        is_after = id(layer) in self._after
        if _is(layer, *POINTWISE, "GlobalAveragePooling2D"):
            mixes = is_after and _is(layer, "Add", "Multiply")
            return "an average is multiplied into an image" if mixes else ""
        if is_after:
            plain = _is(layer, *AFTER) or (_is(layer, "Conv2D") and layer.kernel_size == (1, 1))
            return "" if plain else "it follows the global average"
        if _is(layer, "ZeroPadding2D"):
            return self._padding_obstacle(layer)
        if not _is(layer, "Conv2D", "DepthwiseConv2D"):
            return "it is none of the layers known to be mirrored"
        return _convolution_obstacle(layer)

    def _padding_obstacle(self, layer: Any) -> str:
        height, width = layer.input.shape[1:3]
        if _padding(layer) == NEAR:
            is_odd = bool(height % 2 and width % 2)
            return "" if is_odd or not self.is_mirrored else "it pads both ends of an even image"
        if _padding(layer) != FAR or height % 2 or width % 2:
            return "its padding has no mirror image of 1 on every side"
        return ""


def _convolution_obstacle(layer: Any) -> str:
    size, strides = tuple(layer.kernel_size), tuple(layer.strides)
    height, width = layer.input.shape[1:3]
    if strides == (1, 1):
        is_even = any(n % 2 == 0 for n in size) and layer.padding == "same"
        return "an even kernel is padded on one side" if is_even else ""
    if size != (3, 3) or strides != (2, 2):
        return "of the strided convolutions only 3x3 with stride 2 are known"
    if layer.padding == "same" and height % 2 != width % 2:
        return "its image is even one way and odd the other"
    return ""


def _is_one_sided(layer: Any) -> bool:
    if _is(layer, "ZeroPadding2D"):
        return _padding(layer) == FAR
    return _has_same_stride_2(layer) and layer.input.shape[1] % 2 == 0


def _has_same_stride_2(layer: Any) -> bool:
    is_convolution = _is(layer, "Conv2D", "DepthwiseConv2D")
    return is_convolution and layer.padding == "same" and tuple(layer.strides) == (2, 2)


def _padding(layer: Any) -> Any:
    return tuple(tuple(side) for side in layer.padding)


def _is(layer: Any, *names: str) -> bool:
    return kind(layer) in names


def _following(model: Any) -> dict[str, list[Any]]:
    """Which layers read the output of each, by name."""
    makers = {id(layer.output): layer for layer in model.layers}
    found: dict[str, list[Any]] = {layer.name: [] for layer in model.layers}
    for layer in model.layers:
        given = layer.input if isinstance(layer.input, (list, tuple)) else [layer.input]
        for tensor in given:
            maker = makers.get(id(tensor))
            if maker is not None and maker is not layer:
                found[maker.name].append(layer)
    return found


def _mirror(keras: Any, image: Any, axis: int) -> Any:
    if hasattr(keras, "ops"):
        return keras.ops.flip(image, axis=axis)
    import tensorflow as tf

    return tf.reverse(image, [axis])


def _require_same(plan: _Plan, old: Any, new: Any) -> None:
    found, expected = _on_images(new, old)
    require_seeing({"output_0": expected})
    if np.ptp(expected, axis=0).max() <= LEAST_SPREAD * np.abs(expected).max(initial=0.0):
        found, expected = _with_drawn_weights(plan, old, new)
    off = difference(found, expected).relative
    if off > KERAS_TOLERANCE:
        raise ExportError(
            f"the rewritten model computes something else: {off:.3g} of the output range off"
        )


def _with_drawn_weights(plan: _Plan, old: Any, new: Any) -> list[np.ndarray]:
    """Compares with weights under which images differ: untrained ones give the same for all."""
    kept, generator = old.get_weights(), np.random.default_rng(0)
    try:
        old.set_weights([_drawn(generator, weight.shape) for weight in kept])
        plan.carry_weights()
        return _on_images(new, old)
    finally:
        old.set_weights(kept)
        plan.carry_weights()


def _drawn(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    if len(shape) < 2:
        return generator.uniform(0.5, 1.5, shape)
    is_depthwise = len(shape) == 4 and shape[-1] == 1
    fan_in = math.prod(shape[:2] if is_depthwise else shape[:-1])
    return generator.normal(size=shape) / math.sqrt(fan_in)


def _on_images(*models: Any) -> list[np.ndarray]:
    size = (2, *models[0].input_shape[1:])
    images = np.random.default_rng(0).random(size, np.float32)
    return [np.asarray(model(images, training=False)) for model in models]
