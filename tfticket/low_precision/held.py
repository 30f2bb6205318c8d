"""Where layers hold their weights, so that others can stand there for a while."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tfticket import _keras

__all__ = ["Held", "held_weights"]


@dataclass
class Held:
    """An attribute of a layer that is, or has in it, weights.

    Args:
        attributes: of the layer.
        name: of the attribute.
        variables: the weights in it.
    """

    attributes: dict[str, Any]
    name: str
    variables: tuple[Any, ...]
    _before: list[Any] = field(default_factory=list)

    def put(self, found: Mapping[int, Any]) -> None:
        """Puts something else in the places of the weights.

        Args:
            found: what, by the weight's id.
        """
        self._before.append(self.attributes[self.name])
        self.attributes[self.name] = _replaced(self._before[-1], found)

    def put_back(self) -> None:
        """Puts the weights back, if they were replaced."""
        if self._before:
            self.attributes[self.name] = self._before.pop()


def held_weights(model: Any) -> tuple[list[Held], tuple[str, ...]]:
    """Finds the attributes that hold the weights of a model: those it was made to train.

    Args:
        model: a built model of either Keras.

    Returns:
        The attributes, and the paths of weights that none holds.
    """
    bookkeeping = set(vars(_keras.module(model).layers.Layer()))
    found, missing = [], []
    for path, layer, fresh in _keras.walk(model):
        own = {id(v) for v in _keras.own_trainable(layer) if "float" in str(v.dtype)}
        reached: set[int] = set()
        for name, value in vars(layer).items():
            # What begins so is TensorFlow's own list of what it tracks.
            is_own = name not in bookkeeping and not name.startswith("_self_")
            inside = tuple(_weights_in(value, own)) if is_own else ()
            if inside:
                found.append(Held(vars(layer), name, inside))
                reached |= {id(v) for v in inside}
        missing += [_keras.path_below(path, n) for n, v in fresh if id(v) in own - reached]
    return found, tuple(missing)


def _weights_in(value: Any, wanted: set[int]) -> Iterator[Any]:
    if id(value) in wanted:
        yield value
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _weights_in(one, wanted)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _weights_in(one, wanted)


def _replaced(value: Any, found: Mapping[int, Any]) -> Any:
    if id(value) in found:
        return found[id(value)]
    if isinstance(value, (list, tuple)):
        return [_replaced(one, found) for one in value]
    if isinstance(value, dict):
        return {key: _replaced(one, found) for key, one in value.items()}
    return value
