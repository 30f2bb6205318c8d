"""What a rule sees of one call of a layer, and how it says what happens to the channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import tensorflow as tf

from tfticket import _keras
from tfticket.graph.channel_flow import ChannelFlow, unknown
from tfticket.graph.record import Record, Resize

__all__ = ["Call", "UnsupportedLayer", "State", "fixed"]

Shape = tuple[int | None, ...]


class UnsupportedLayer(Exception):  # noqa: N818
    """A rule does not know what becomes of the channels; the message is the reason."""


@dataclass(frozen=True)
class State:
    """The weights that constants are computed from.

    Args:
        weights: every variable by path, masked entries 0; `None` if constants do not matter.
        masks: the kept entries by path.
    """

    weights: Mapping[str, np.ndarray] | None = None
    masks: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One call of a layer.

    Args:
        layer: the layer or operation.
        path: its path in the model.
        args: what it is called with, a `ChannelFlow` for every tensor.
        kwargs: the same, by name.
        shapes: of its outputs.
        record: where to write what is found out.
        state: the weights.
        paths: the path of every layer of the model, by its id.
        follow: follows a layer inside this one: `follow(call) -> flows`.
    """

    layer: Any
    path: str
    args: tuple
    kwargs: dict[str, Any]
    shapes: list[Shape]
    record: Record
    state: State
    paths: Mapping[int, str]
    follow: Callable[[Call], list[ChannelFlow]]

    @property
    def inputs(self) -> list[ChannelFlow]:
        """All tensors it is called with, masks of steps left out."""
        kwargs = [v for k, v in self.kwargs.items() if k != "mask"]
        return [f for f in tf.nest.flatten((self.args, kwargs)) if isinstance(f, ChannelFlow)]

    @property
    def flow(self) -> ChannelFlow:
        """The first of them."""
        return self.inputs[0]

    def inside(self, layer: Any, *flows: ChannelFlow, shapes: list[Shape] | None = None) -> Call:
        """Returns the call of a layer inside this one.

        Args:
            layer: the layer.
            *flows: what it is called with.
            shapes: of its outputs; as this one's if left out.
        """
        path = self.paths[id(layer)]
        shapes = self.shapes if shapes is None else shapes
        return replace(self, layer=layer, path=path, args=flows, kwargs={}, shapes=shapes)

    def require(self, *names: str) -> None:
        """Refuses to follow a layer that has weights of other `names` than the rule knows."""
        others = [n for n, _ in self.layer_weights() if n not in names]
        if others:
            raise UnsupportedLayer(
                f"it has weights that {type(self.layer).__name__} has not: {others}"
            )

    def has(self, name: str) -> bool:
        """Tells whether the layer has a weight of that `name`."""
        return any(n == name for n, _ in _keras.own_variables(self.layer))

    def layer_weights(self) -> list[tuple[str, Any]]:
        """Returns the layer's own weights with their names, random states left out."""
        own = _keras.own_variables(self.layer) if _keras.is_layer(self.layer) else []
        return [(n, v) for n, v in own if "seed" not in n and n != "random_generator"]

    def path_of(self, name: str) -> str:
        """Returns the path of the layer's weight of that `name`."""
        return _keras.path_below(self.path, name)

    def length(self, name: str, axis: int) -> int:
        """Returns the length of an axis of a weight.

        Args:
            name: of the weight.
            axis: of the weight.
        """
        return int(dict(_keras.own_variables(self.layer))[name].shape[axis])

    def value(self, name: str) -> np.ndarray | None:
        """Returns a weight of that `name`, masked entries 0; `None` without weights."""
        weights = self.state.weights
        return None if weights is None else weights[self.path_of(name)]

    def mask(self, name: str) -> np.ndarray | None:
        """Returns the mask of a weight of that `name`; `None` if all of it is kept."""
        mask = self.state.masks.get(self.path_of(name))
        return None if mask is None or mask.all() else mask

    def mark(self, name: str, channels: np.ndarray, axis: int = -1) -> None:
        """Says on which channels a weight acts, each by itself.

        Args:
            name: of the weight; nothing happens if the layer has none.
            channels: the channels.
            axis: along which they lie.
        """
        if self.has(name):
            self.record.mark(self.path_of(name), axis, channels, "along")

    def resize(self, key: str, channels: np.ndarray, index: int | None = None) -> None:
        """Says which channels a number in the configuration or in the arguments counts.

        Args:
            key: its name there.
            channels: the channels.
            index: its place, where the value is a list.
        """
        self.record.resizes.setdefault(Resize(self.path, (key,), index), channels)

    def stated(self, *names: str, default: Any = None) -> Any:
        """Returns an option of an operation: Keras 3 keeps it there, tf_keras in the arguments.

        Args:
            *names: what it may be called.
            default: what it is if it is not stated.
        """
        for name in names:
            if name in self.kwargs:
                return self.kwargs[name]
            if hasattr(self.layer, name):
                return getattr(self.layer, name)
        return default

    def refuse(self, reason: str, *flows: ChannelFlow) -> None:
        """Keeps the channels of some tensors.

        Args:
            reason: why.
            *flows: the tensors.
        """
        self.record.refuse(self.path, reason, *(f.channels for f in flows))

    def on_axis(self, flow: ChannelFlow, axis: int) -> ChannelFlow:
        """Returns a tensor with its channels on the axis where the layer looks for them.

        Args:
            flow: the tensor. If its channels lie elsewhere, they stay, and what lies on the axis.
            axis: counted from the end.
        """
        axis = axis if axis < 0 else axis - flow.rank
        if flow.axis == axis:
            return flow
        self.refuse("it takes another axis for the channels", flow)
        return self.fixed(flow.shape, axis)

    def fixed(self, shape: Shape, axis: int = -1) -> ChannelFlow:
        """Returns a tensor all of whose channels stay, as those that an unknown layer makes.

        Args:
            shape: of the tensor.
            axis: of its channels.
        """
        return fixed(self.record, shape, f"{self.path}: not followed", axis)


def fixed(record: Record, shape: Shape, reason: str, axis: int = -1) -> ChannelFlow:
    """Returns a tensor all of whose channels stay.

    Args:
        record: where to write it down.
        shape: of the tensor.
        reason: why they stay.
        axis: of the channels.
    """
    count = shape[axis] or 1
    channels = record.channel_sets.fresh(count)
    record.channel_sets.pin(channels, reason)
    return ChannelFlow(tuple(shape), axis, channels, unknown(count))
