"""Layers that state their number of channels, as a Lambda's `output_shape` may."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfticket import _keras
from tfticket.cloning import remade
from tfticket.graph.call import Call, UnsupportedLayer
from tfticket.graph.channel_flow import ChannelFlow

__all__ = ["resize_stated"]


def resize_stated(call: Call, made: ChannelFlow) -> None:
    """Finds the number in a layer's configuration that counts its channels, if there is one.

    A layer that treats each value by itself follows its input, whatever it states; but Keras
    believes what it states. So it is asked what it would return for one more channel, and if that
    is not one more, so is a copy of it, for each number in its configuration that may be the one.

    Args:
        call: of an elementwise layer.
        made: what it returns.

    Raises:
        UnsupportedLayer: if it states the number and nothing in its configuration does.
    """
    width = made.channels.size
    if not _keras.is_layer(call.layer) or _width(call, call.layer, made.axis) in (None, width + 1):
        return
    for key, index in _candidates(call.layer, width):
        copy = remade(call.layer, lambda _, config, k=key, i=index: _write(config, k, i, width + 1))
        if copy is not call.layer and _width(call, copy, made.axis) == width + 1:
            call.resize(key, made.channels, index)
            return
    raise UnsupportedLayer("it states the number of its channels, not by a number that can change")


def _candidates(layer: Any, width: int) -> list[tuple[str, int | None]]:
    """Places in a configuration where the number of channels stands."""
    found: list[tuple[str, int | None]] = []

    def note(_: Any, config: dict[str, Any]) -> None:
        for key, value in config.items():
            if isinstance(value, int) and value == width:
                found.append((key, None))
            elif isinstance(value, (list, tuple)):
                found.extend((key, i - len(value)) for i, n in enumerate(value) if n == width)

    remade(layer, note)
    return found


def _write(config: dict[str, Any], key: str, index: int | None, width: int) -> None:
    if key not in config:
        return
    if index is None:
        config[key] = width
        return
    lengths = list(config[key])
    lengths[index] = width
    config[key] = type(config[key])(lengths)


def _width(call: Call, layer: Any, axis: int) -> int | None:
    """What a layer says the number of its channels is for one more; `None` if it does not say."""
    try:
        if _keras.flavour(layer) == "keras":
            args, kwargs = tf.nest.map_structure(_wider, (call.args, call.kwargs))
            return layer.compute_output_spec(*args, **kwargs).shape[axis]
        shapes = tf.nest.map_structure(_wider_shape, call.args[0])
        return tuple(layer.compute_output_shape(shapes))[axis]
    except Exception:  # asked for something that it does not take
        return None


def _wider(value: Any) -> Any:
    if not isinstance(value, ChannelFlow):
        return value
    keras: Any = _keras.module("keras")
    return keras.KerasTensor(_wider_shape(value), dtype="float32")


def _wider_shape(flow: ChannelFlow) -> Any:
    shape = list(flow.shape)
    if flow.channels.size > 1:  # what is broadcast stays so
        shape[flow.axis] = flow.channels.size + 1
    return tuple(shape)
