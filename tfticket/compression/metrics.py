"""Metrics of outputs, whoever computed them: a model or a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["METRICS", "Metric", "get"]


@dataclass(frozen=True)
class Metric:
    """A number that says how good outputs are.

    Args:
        name: what reports call it.
        function: `function(targets, outputs)`, both arrays with as many examples, returns it.
        higher_is_better: whether more of it is better, as of accuracy and not of an error.
    """

    name: str
    function: Callable[[np.ndarray, np.ndarray], float]
    higher_is_better: bool

    def loss(self, before: float, after: float) -> float:
        """Returns how much worse one value is than another; negative if it is better.

        >>> METRICS["accuracy"].loss(0.9, 0.875), METRICS["mae"].loss(2.0, 3.0)
        (0.025000000000000022, 1.0)

        Args:
            before: the value that is lost from.
            after: the other one.
        """
        return before - after if self.higher_is_better else after - before


def _accuracy(targets: np.ndarray, outputs: np.ndarray) -> float:
    """Of classes by number or one-hot, of one output for yes and no, and of every pixel."""
    return float(np.mean(_decided(outputs) == _classes(targets, outputs)))


def _mean_iou(targets: np.ndarray, outputs: np.ndarray) -> float:
    """Over the classes that targets or outputs have: intersection over union, averaged."""
    found, asked = _decided(outputs), _classes(targets, outputs)
    ratios = []
    for number in range(max(_whole(outputs).shape[-1], 2)):
        union = np.count_nonzero((found == number) | (asked == number))
        if union:
            ratios.append(np.count_nonzero((found == number) & (asked == number)) / union)
    return float(np.mean(ratios))


def _whole(outputs: np.ndarray) -> np.ndarray:
    """Outputs with an axis of classes, also those of a model that has dropped it."""
    return outputs[:, None] if outputs.ndim == 1 else outputs


def _decided(outputs: np.ndarray) -> np.ndarray:
    """The number of the class at each place: the largest output, or yes and no of a single one."""
    outputs = _whole(outputs)
    if outputs.shape[-1] > 1:
        return np.argmax(outputs, -1)
    is_probability = outputs.min() >= 0 and outputs.max() <= 1
    return (outputs[..., 0] > (0.5 if is_probability else 0)).astype(int)


def _classes(targets: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """The number of the class that is asked for at each place."""
    form = _whole(outputs).shape
    _require(targets, targets.shape in (form, (*form[:-1], 1), form[:-1]), outputs)
    if form[-1] == 1:
        return (targets.reshape(form[:-1]) > 0.5).astype(int)
    return np.argmax(targets, -1) if targets.shape == form else targets.reshape(form[:-1])


def _require(targets: np.ndarray, fits: bool, outputs: np.ndarray) -> None:
    if not fits or targets.dtype.kind not in "biuf":
        raise ValueError(
            "targets must be numbers in the form of the outputs, or of each a number of its class."
            f" Received: {targets.dtype} {targets.shape} for outputs {outputs.shape}"
        )


def _errors(targets: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    _require(targets, targets.size == outputs.size, outputs)
    return targets.astype(np.float64).reshape(outputs.shape) - outputs


#: Metrics by name. A single output means yes above 0.5 where all are in [0, 1], otherwise above 0.
METRICS: dict[str, Metric] = {
    m.name: m
    for m in (
        Metric("accuracy", _accuracy, True),
        Metric("mean_iou", _mean_iou, True),
        Metric("mae", lambda y, found: float(np.mean(np.abs(_errors(y, found)))), False),
        Metric("mse", lambda y, found: float(np.mean(_errors(y, found) ** 2)), False),
        Metric("rmse", lambda y, found: float(np.sqrt(np.mean(_errors(y, found) ** 2))), False),
    )
}


def get(metric: Any, higher_is_better: bool | None = None) -> Metric:
    """Returns a metric.

    Args:
        metric: one of `METRICS` by name, a `Metric`, or a function of targets and outputs.
        higher_is_better: of a function, whether more of it is better.

    Raises:
        ValueError: if there is none of that name, or it is not known which way is better.
    """
    if isinstance(metric, Metric):
        return metric
    if isinstance(metric, str):
        if metric not in METRICS:
            raise ValueError(
                f"`metric` must be one of {', '.join(METRICS)}, or a function of targets and"
                f" outputs. Received: metric={metric!r}"
            )
        return METRICS[metric]
    if higher_is_better is None:
        raise ValueError(
            "`higher_is_better` must be given with a function: whether more of it is better."
            f" Received: metric={metric!r}. A `Metric` says it itself."
        )
    return Metric(getattr(metric, "__name__", type(metric).__name__), metric, higher_is_better)
