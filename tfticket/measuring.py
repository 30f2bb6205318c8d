"""What a training left: metrics as `evaluate` returns them, and whether they are numbers at all."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tfticket.errors import NotFiniteError

__all__ = ["Evaluate", "measured", "require_finite"]

#: Returns metrics by name, or as `model.evaluate` does.
Evaluate = Callable[[Any], Any]


def measured(evaluate: Evaluate | None, model: Any) -> dict[str, float]:
    """Returns the metrics of a model by name, however `evaluate` returns them.

    Args:
        evaluate: returns numbers by name, as `model.evaluate(…, return_dict=True)` does; their
            list as `model.evaluate(…)` does, which is named as the model's metrics are; or one
            number, which is the loss. `None` measures nothing.
        model: the model, which `evaluate` is called with.

    Raises:
        TypeError: if it returns anything else.
        ValueError: if it returns a list of another length than the model has metrics.
    """
    if evaluate is None:
        return {}
    found = evaluate(model)
    if isinstance(found, Mapping):
        named = dict(found)
    elif _is_number(found):
        named = {"loss": found}
    elif isinstance(found, (list, tuple)):
        named = _by_name(found, model)
    else:
        raise _unfit(found)
    if not all(isinstance(n, str) and _is_number(v) for n, v in named.items()):
        raise _unfit(found)
    return {name: float(value) for name, value in named.items()}


def require_finite(
    round_: int,
    start: Mapping[str, np.ndarray],
    trained: Mapping[str, np.ndarray],
    metrics: Mapping[str, float],
) -> None:
    """Makes sure that a training has not left numbers that nothing can be told of.

    Args:
        round_: of the level, 0 is dense.
        start: weights by path, before the training; what was not finite then may stay so.
        trained: weights by path, after it.
        metrics: by name; of these only losses must be finite: other metrics may have no value.

    Raises:
        NotFiniteError: saying what is not finite, at which level, and what to do.
    """
    losses = {n: v for n, v in metrics.items() if n == "loss" or n.endswith("_loss")}
    wrong = [f"{name}={value}" for name, value in losses.items() if not math.isfinite(value)]
    unfit = [
        path
        for path, array in trained.items()
        if not _is_finite(array) and (path not in start or _is_finite(start[path]))
    ]
    if unfit:
        more = f" and {len(unfit) - 1} more" if len(unfit) > 1 else ""
        wrong.append(f"the weights {unfit[0]}{more}")
    if wrong:
        raise NotFiniteError(
            f"level {round_} must be finite after its training, and is not: {', '.join(wrong)}."
            " It is not kept. Lower the learning rate, or look for extreme values in the data."
        )


def _by_name(found: Sequence[Any], model: Any) -> dict[str, Any]:
    names = _names(model)
    if len(names) != len(found):
        raise ValueError(
            "`evaluate` must return as many numbers as the model has metrics, or numbers by name:"
            f" `model.evaluate(…, return_dict=True)`. Received: {len(found)} numbers for {names}"
        )
    return dict(zip(names, found, strict=True))


def _names(model: Any) -> list[str]:
    """The names of what `model.evaluate` lists."""
    in_order = getattr(model, "_flatten_metrics_in_order", None)
    if in_order is None:  # tf_keras, which says so itself
        return [str(name) for name in getattr(model, "metrics_names", ())]
    named = in_order({name: name for name in model.get_metrics_result()})  # Keras 3
    return [named] if isinstance(named, str) else list(named)


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) or (
        np.ndim(value) == 0 and np.asarray(value).dtype.kind in "fiub"
    )


def _is_finite(array: np.ndarray) -> bool:
    if array.dtype.kind != "f" or not array.size:
        return True
    return bool(np.isfinite(array.min()) and np.isfinite(array.max()))


def _unfit(found: Any) -> TypeError:
    return TypeError(
        "`evaluate` must return numbers by name, as `model.evaluate(…, return_dict=True)` does,"
        f" their list, or the loss. Received: {type(found).__name__} {str(found)[:80]}"
    )
