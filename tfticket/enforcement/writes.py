"""Weights that something else writes while masks are in force: they obey the masks, and it is told.

`EarlyStopping(restore_best_weights=True)`, a checkpoint that is loaded, an average of the weights:
all of them write through `set_weights` or `load_weights` of a model or a layer. Nothing else is
called after the last callback of `fit`, so these methods are where masks have to hold.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any, Protocol

from tfticket import _keras

__all__ = ["unwatch", "watch"]

_WATCH = "_tfticket_watched_writes"
_METHODS = ("set_weights", "load_weights")


class InForce(Protocol):
    """Masks in force on a model, as an `Enforcement` is."""

    model: Any

    def put_back(self) -> tuple[int, int, int]:
        """Projects and returns how many pruned weights had moved, are pruned, and are masked."""
        ...


def watch(enforcement: InForce, variables: Iterable[Any]) -> list[Any]:
    """Sees to it that what is written into a model obeys its masks.

    Args:
        enforcement: the masks in force.
        variables: the masked variables.

    Returns:
        The layers that are watched, the model among them: all that hold a masked variable.
    """
    masked = {id(v) for v in variables}
    holders = [
        layer
        for _, layer, _ in _keras.walk(enforcement.model)
        if any(id(v) in masked for v in layer.variables)
    ]
    for layer in holders:
        # Past `__setattr__`, which tracks what it is given as part of the layer.
        vars(layer).setdefault(_WATCH, _WatchedWrites(layer)).add(enforcement)
    return holders


def unwatch(enforcement: InForce, layers: Iterable[Any]) -> None:
    """Takes back what `watch` did.

    Args:
        enforcement: the masks that are no longer in force.
        layers: what `watch` returned.
    """
    for layer in layers:
        watched = vars(layer).get(_WATCH)
        if watched is not None:
            watched.remove(enforcement)


class _WatchedWrites:
    """Stands in for the methods of one layer through which weights are written.

    Bound methods, not closures, are put on the layer: a deep copy of the layer gets copies of them.
    """

    def __init__(self, layer: Any):
        self._layer = layer
        self._enforcements: list[InForce] = []
        self._originals = {n: getattr(layer, n) for n in _METHODS if hasattr(layer, n)}
        self._replaced = {n: m for n, m in vars(layer).items() if n in _METHODS}

    def add(self, enforcement: InForce) -> None:
        self._enforcements.append(enforcement)
        for name in self._originals:
            vars(self._layer)[name] = getattr(self, name)

    def remove(self, enforcement: InForce) -> None:
        self._enforcements = [e for e in self._enforcements if e is not enforcement]
        if self._enforcements:
            return
        for name in self._originals:
            if vars(self._layer).get(name) == getattr(self, name):
                del vars(self._layer)[name]
        vars(self._layer).update(self._replaced)
        vars(self._layer).pop(_WATCH, None)

    def set_weights(self, *args: Any, **options: Any) -> Any:
        return self._write("set_weights", *args, **options)

    def load_weights(self, *args: Any, **options: Any) -> Any:
        return self._write("load_weights", *args, **options)

    def _write(self, name: str, *args: Any, **options: Any) -> Any:
        result = self._originals[name](*args, **options)
        found = [e.put_back() for e in self._enforcements]
        num_moved = sum(moved for moved, _, _ in found)
        if num_moved:
            num_pruned = sum(pruned for _, pruned, _ in found)
            size = sum(size for _, _, size in found)
            _tell(name, num_moved, num_pruned / size, (num_pruned - num_moved) / size)
        return result


def _tell(name: str, num_moved: int, asked: float, written: float) -> None:
    warnings.warn(
        f"`{name}` wrote weights of sparsity {written:.4f} while masks of sparsity {asked:.4f} are"
        f" in force: {num_moved} weights were pruned again, so the model is not the one that was"
        " written. Where EarlyStopping or a checkpoint put back the best epoch, that was one before"
        " the masks came to their last: let it count from there on, with"
        " callbacks.AfterPruning(EarlyStopping(...), pruning) or its `start_from_epoch`. To keep"
        " weights as they are written, call `release()` first.",
        UserWarning,
        stacklevel=4,
    )
