"""Drawing a layer's kernels anew, from the layer's own initialiser and a seed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tfticket import _keras
from tfticket.seeds import derived_seed

__all__ = ["Draw", "draws"]

#: `draw(seed) -> array`: fresh values of one weight.
Draw = Callable[[int], np.ndarray]


def draws(model: Any, paths: Iterable[str]) -> dict[str, Draw]:
    """Returns how to draw each of these weights anew.

    A layer keeps the initialiser of its variable `kernel` as `kernel_initializer`, and so on. The
    initialiser is rebuilt from its configuration with the seed given at the draw: an unseeded
    Keras 3 initialiser would return the same numbers at every call.

    Args:
        model: a built model of either Keras.
        paths: weight paths.

    Returns:
        `{path: draw}`. Paths whose layer does not say how it initialises them are left out.
    """
    wanted, found = set(paths), {}
    for path, layer, own in _keras.walk(model):
        for name, variable in own:
            full = _keras.path_below(path, name)
            initializer = _initializer(layer, name)
            if full in wanted and initializer is not None:
                found[full] = _draw(full, initializer, tuple(variable.shape))
    return found


def _initializer(layer: Any, name: str) -> Any:
    stems = [name, name.replace("_kernel", ""), f"{name}s"]
    if name == "kernel":  # of a depthwise convolution; tf_keras' has an unused one for kernels too
        stems.insert(0, "depthwise")
    for stem in stems:
        initializer = getattr(layer, f"{stem}_initializer", None)
        if initializer is not None:
            return initializer
    return None


def _draw(path: str, initializer: Any, shape: tuple[int, ...]) -> Draw:
    def draw(seed: int) -> np.ndarray:
        config = initializer.get_config() if hasattr(initializer, "get_config") else {}
        fresh = initializer
        if "seed" in config:
            config["seed"] = derived_seed(seed, "initializer", path)
            fresh = type(initializer).from_config(config)
        elif "seed" in inspect.signature(type(initializer).__init__).parameters:
            raise ValueError(
                f"the initialiser of {path!r} must list `seed` in its `get_config()`: it cannot"
                f" be drawn anew otherwise. Received: {initializer!r}"
            )
        return np.asarray(fresh(shape, dtype="float32"))

    return draw
