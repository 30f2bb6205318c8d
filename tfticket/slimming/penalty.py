"""The penalty of network slimming: training that drives the scales of channels towards 0."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfticket import _keras
from tfticket.retracing import retrace
from tfticket.weights import matching

__all__ = ["ScalePenalty", "penalize_scales", "scales_of"]


class ScalePenalty:
    """An L1 penalty on normalisation scales, part of the loss until it is released.

    Made by `penalize_scales`; a `with` block releases it at its end.

    Args:
        model: the model.
        scales: the variables that are penalised, by path.
        regularizer: the penalty of one of them.
    """

    def __init__(self, model: Any, scales: dict[str, tuple[Any, Any]], regularizer: Any):
        self.model = model
        self.paths = tuple(scales)
        self._scales = scales
        self._regularizer = regularizer
        self._is_keras3 = _keras.flavour(model) == "keras"
        self._before: list[tuple[Any, Any]] = []
        for layer, variable in scales.values():
            self._add(layer, variable)
        retrace(model)

    def values(self) -> dict[str, np.ndarray]:
        """Returns the present scales by path."""
        return {p: _keras.to_numpy(v) for p, (_, v) in self._scales.items()}

    def release(self) -> None:
        """Takes the penalty out of the loss; the scales keep their values."""
        if not self._before:
            return
        for holder, before in self._before:
            if self._is_keras3:
                holder.regularizer = before
            else:
                holder._callable_losses.remove(before)
        self._before = []
        retrace(self.model)

    def _add(self, layer: Any, variable: Any) -> None:
        """Keras 3 reads a penalty off the variable, tf_keras off what was added to its layer."""
        if self._is_keras3:
            self._before.append((variable, variable.regularizer))
            variable.regularizer = _both(variable.regularizer, self._regularizer)
        else:
            layer.add_loss(lambda: self._regularizer(variable))
            self._before.append((layer, layer._callable_losses[-1]))

    def __enter__(self) -> ScalePenalty:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()


def _both(first: Any, second: Any) -> Any:
    """Returns a user's own penalty, if there is one, and ours as one penalty of Keras 3.

    Before 3.15 Keras takes instances of its own class only.
    """
    base: Any = _keras.module("keras").regularizers.Regularizer

    class Both(base):
        """The sum of two penalties."""

        def __call__(self, variable: Any) -> Any:
            ours = second(variable)
            return ours if first is None else first(variable) + ours

        def get_config(self) -> dict[str, Any]:
            return {}  # in force for a while, never saved with a model

    return Both()


def penalize_scales(
    model: Any,
    penalty: float = 1e-4,
    *,
    initial_scale: float | None = None,
    include: Any = None,
) -> ScalePenalty:
    """Adds `penalty · Σ|γ|` over BatchNormalization scales to the loss that `fit` minimises.

    Channels whose scale ends near 0 do little and can be removed; the published penalties are 1e-4
    for VGG and 1e-5 for residual networks. The losses that Keras reports hold the penalty too.

    Args:
        model: a built model of either Keras.
        penalty: the factor λ, > 0.
        initial_scale: what every scale is set to first, such as the published 0.5; `None` leaves
            them as they are.
        include: which scales, by their paths: a regular expression, a callable or a list of these;
            `None` means all that are trained.

    Returns:
        A `ScalePenalty`; leave its `with` block, or call `release()`, before fine-tuning.

    Raises:
        ValueError: if a number is out of range or there is no scale to penalise.

    Example:
        with tt.slimming.penalize_scales(model, 1e-4, initial_scale=0.5):
            model.fit(x, y, epochs=10)
        masks = tt.slimming.channel_masks(model, 0.7, score="scale")

    References:
        Liu et al. 2017, "Learning efficient convolutional networks through network slimming",
        section 3, https://arxiv.org/abs/1708.06519
    """
    if not (math.isfinite(penalty) and penalty > 0):
        raise ValueError(f"`penalty` must be > 0 and finite. Received: penalty={penalty}")
    scales = scales_of(model)
    chosen = matching(include, scales, "include")
    scales = {p: s for p, s in scales.items() if p in chosen}
    if initial_scale is not None:
        for _, variable in scales.values():
            _keras.assign(variable, np.full(tuple(variable.shape), initial_scale, np.float32))
    regularizer = _keras.module(model).regularizers.L1(penalty)
    return ScalePenalty(model, scales, regularizer)


def scales_of(model: Any) -> dict[str, tuple[Any, Any]]:
    """Returns the trainable BatchNormalization scales of a model, each with its layer, by path.

    Args:
        model: built.

    Raises:
        ValueError: if there is none.
    """
    found = _scales(model)
    if not found:
        raise ValueError(
            "`model` must have a BatchNormalization with a trainable scale; there is none."
            f" Received: model={model.name!r}"
        )
    return found


def _scales(model: Any) -> dict[str, tuple[Any, Any]]:
    """Finds the trainable scales of batch normalisations: `{path: (layer, variable)}`."""
    trainable = {id(v) for v in model.trainable_variables}
    return {
        _keras.path_below(path, name): (layer, variable)
        for path, layer, own in _keras.walk(model)
        if any(c.__name__ == "BatchNormalization" for c in type(layer).__mro__)
        for name, variable in own
        if name == "gamma" and id(variable) in trainable
    }
