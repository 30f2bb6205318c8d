"""Whether targets are what a network has outputs for, seen before anything is trained."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from tfticket.tracing.examples import evaluation
from tfticket.zoo.columns import Column, is_one_shape
from tfticket.zoo.evidence import by_output, first_inputs, names_of_outputs
from tfticket.zoo.splits import Dataset
from tfticket.zoo.structures import mapped

__all__ = ["require_labels"]

_SPARSE = "sparse_categorical_crossentropy"
_FRACTIONS = ("binary_crossentropy", "categorical_crossentropy", "binary_focal_crossentropy")
#: Losses that compare number by number; with other shapes they would be stretched, silently.
_BY_NUMBER = (
    *_FRACTIONS,
    *("mean_squared_error", "mean_absolute_error", "mse", "mae", "huber", "huber_loss", "log_cosh"),
    *("mean_squared_logarithmic_error", "msle", "mean_absolute_percentage_error", "mape"),
)


def require_labels(model: Any, data: Dataset) -> None:
    """Makes sure that targets lie where the loss of an output can compare them.

    Args:
        model: compiled, built.
        data: what it is to learn.

    Raises:
        ValueError: if class numbers are beyond the outputs, targets of a crossentropy are not in
            [0, 1], or as many numbers are compared with another number of outputs.
    """
    outputs = getattr(model, "outputs", None)
    if not outputs:
        try:
            outputs = evaluation(model)(mapped(tf.constant, first_inputs(data.train, 1)))
        except Exception:
            return  # an evaluation will say what does not fit
    shapes = [tuple(output.shape) for output in tf.nest.flatten(outputs)]
    names = names_of_outputs(model, outputs, len(shapes))
    losses = by_output(model.loss, names)
    for part, split in data.splits.items():
        targets = _targets(split.described, names)
        for name, shape, loss, column in zip(names, shapes, losses, targets, strict=True):
            if column is None or loss is None:
                continue
            fault = _fault(loss, column, shape[1:])
            if fault:
                raise ValueError(
                    f"`data` must have targets that the network has outputs for: {fault} Received:"
                    f" {_range(column)} in {part}, for the output {name!r} of shape"
                    f" {list(shape[1:])} of {model.name!r} with loss={_name(loss)}"
                )


def _targets(columns: Mapping[str, Column], names: Sequence[str]) -> list[Column | None]:
    """The targets of each output, by its name or in their order; `None` where there are none."""
    if "y" in columns:
        return [columns["y"]] if len(names) == 1 else [None] * len(names)
    return [columns.get(f"y/{name}", columns.get(f"y/{i}")) for i, name in enumerate(names)]


def _fault(loss: Any, column: Column, shape: tuple[int | None, ...]) -> str:
    name, width = _name(loss), shape[-1] if shape else None
    low, high = column.low, column.high
    if low is None or high is None:
        return ""
    if name == _SPARSE:
        options = loss.get_config() if hasattr(loss, "get_config") else {}
        is_beyond = low < 0 or (width is not None and high >= width)
        if is_beyond and options.get("ignore_class") is None:
            return f"classes are numbered 0 … {width - 1 if width else 'n - 1'}."
        return ""
    if name in _FRACTIONS and (low < 0 or high > 1):
        return "a crossentropy compares numbers from 0 to 1; several classes need as many outputs."
    if name in _BY_NUMBER and not is_one_shape(column.shape, shape):
        return "the loss compares them number by number, and there are not as many."
    return ""


def _range(column: Column) -> str:
    low, high = (f"{n:g}" if n is not None else "" for n in (column.low, column.high))
    return f"{low} … {high}, {column.dtype} {list(column.shape)}"


def _name(loss: Any) -> str:
    """A loss's name as Keras writes it: `mean_squared_error` for the class and the function."""
    if isinstance(loss, str):
        given = loss
    else:
        given = getattr(loss, "__name__", None) or type(loss).__name__
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", given).lower()
