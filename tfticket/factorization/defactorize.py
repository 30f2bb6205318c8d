"""Factorised layers back to plain ones: one with the product for its kernel, or two in a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tfticket import _keras, weights
from tfticket.cloning import clone, compile_like, remade
from tfticket.factorization.decomposition import product
from tfticket.factorization.layers import FactorizedKernel

__all__ = ["defactorize", "multiplied", "split"]


def multiplied(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the weights of a factorised model as those of the model with whole kernels.

    Args:
        arrays: by path; of `layer/kernel_in` and `layer/kernel_out` the product becomes
            `layer/kernel`, summed in float64.
    """
    found = {}
    for path, array in arrays.items():
        layer, _, name = path.rpartition("/")
        other = f"{layer}/kernel_out"
        if name == "kernel_in" and other in arrays:
            whole = product(array.astype(np.float64), arrays[other].astype(np.float64))
            found[f"{layer}/kernel"] = whole.astype(array.dtype)
        elif name != "kernel_out" or f"{layer}/kernel_in" not in arrays:
            found[path] = array
    return found


def defactorize(model: Any) -> Any:
    """Makes a plain Keras model of a factorised one: the same outputs up to rounding.

    Args:
        model: a built Sequential or functional model of either Keras; left as it is. Layers that
            are not factorised are copied.

    Returns:
        A new model of Keras' own layers, compiled as the model is, with a new optimizer. What a
        kernel's regulariser is stays: on the product before, on the kernel now.

    Raises:
        ValueError: if the model is not built or is a subclassed one.
    """
    return _remade(model, _whole, lambda model: multiplied(weights.read_all(model)))


def split(model: Any) -> Any:
    """Makes each factorised layer two plain ones in a row, in a Sequential of its name.

    The same outputs for the same FLOPs without a layer of tfticket's: for files that anybody can
    load. A regulariser of the product has no place there and is left out.

    Args:
        model: as for `defactorize`.

    Returns:
        A new model, compiled as the model is, with a new optimizer. What was `hidden/kernel_in` is
        `hidden/hidden_in/kernel` there.

    Raises:
        ValueError: if the model is not built or is a subclassed one.
    """
    return _remade(model, _pair, _in_pairs)


#: Which of the two layers has a weight, and what it is called there.
_SPLIT = {"kernel_in": ("in", "kernel"), "kernel_out": ("out", "kernel"), "bias": ("out", "bias")}
_BY_AXIS = ("kernel_size", "strides", "dilation_rate")


def _in_pairs(model: Any) -> dict[str, np.ndarray]:
    arrays = weights.read_all(model)
    for path, layer, own in _keras.walk(model):
        for name, _ in own if isinstance(layer, FactorizedKernel) else ():
            which, new = _SPLIT[name]
            inner = f"{path}/{layer.name}_{which}/{new}"  # type: ignore[attr-defined]
            arrays[inner] = arrays.pop(f"{path}/{name}")
    return arrays


def _remade(
    model: Any,
    counterpart: Callable[[Any], Any],
    arrays: Callable[[Any], Mapping[str, np.ndarray]],
) -> Any:
    def copy(layer: Any) -> Any:
        return counterpart(layer) if isinstance(layer, FactorizedKernel) else remade(layer)

    made = clone(model, copy)
    weights.write(made, arrays(model))
    if getattr(model, "optimizer", None) is not None:
        compile_like(made, model)
    return made


def _whole(layer: Any) -> Any:
    return remade(layer, _without_rank, cls=layer.plain_class)


def _without_rank(layer: Any, config: dict[str, Any]) -> None:
    config.pop("kernel_rank", None)


def _pair(layer: Any) -> Any:
    def first(layer: Any, config: dict[str, Any]) -> None:
        config["filters" if "filters" in config else "units"] = layer.kernel_rank
        config.update(use_bias=False, activation="linear", activity_regularizer=None)
        thin(config, 0)

    def second(layer: Any, config: dict[str, Any]) -> None:
        thin(config, 1)

    def thin(config: dict[str, Any], axis: int) -> None:
        _without_rank(layer, config)
        config.update(name=f"{layer.name}_{('in', 'out')[axis]}", kernel_regularizer=None)
        config.pop("batch_input_shape", None)  # tf_keras gives one to the layer that begins a model
        for key in _BY_AXIS:
            if key in config:
                config[key] = tuple(n if a == axis else 1 for a, n in enumerate(config[key]))

    both = [remade(layer, edit, cls=layer.plain_class) for edit in (first, second)]
    return _keras.module(layer).Sequential(both, name=layer.name)
