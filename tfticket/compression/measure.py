"""The same measure of a model and of a file: how good is what `predict` returns?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfticket import files
from tfticket.compression.metrics import Metric
from tfticket.errors import NotFiniteError

__all__ = ["Measure", "Predict"]

#: Returns outputs for inputs, as `model.predict` does: arrays with as many examples.
Predict = Callable[[Any], Any]

_BATCH_SIZE = 256


class _NotFiniteMetricError(NotFiniteError, ValueError):
    """A metric that is NaN or infinite; what measures may expect either error."""


@dataclass(frozen=True)
class Measure:
    """A metric of examples, or a function of one's own that asks for predictions.

    Args:
        metric: what is computed, or, with `evaluate`, its name and direction.
        examples: `(inputs, targets)`; `None` with `evaluate`.
        evaluate: `evaluate(predict)` returns the number; `predict(inputs)` returns outputs.
    """

    metric: Metric
    examples: tuple[Any, Any] | None = None
    evaluate: Callable[[Predict], float] | None = None

    @classmethod
    def given(cls, metric: Metric, data: Any, name: str = "validation") -> Measure:
        """Makes a measure of what a caller gives as data.

        Args:
            metric: what is computed.
            data: a pair `(inputs, targets)`, or a function `evaluate(predict)`.
            name: of the argument, for messages.

        Raises:
            ValueError: if it is neither.
        """
        if callable(data):
            evaluate: Any = data
            return cls(metric, evaluate=evaluate)
        if not isinstance(data, (tuple, list)) or len(data) != 2:
            raise ValueError(
                f"`{name}` must be a pair (inputs, targets), or a function of `predict`."
                f" Received: {type(data).__name__}"
            )
        lengths = {len(part) for side in data for part in _parts(side).values()}
        if len(lengths) > 1:
            raise ValueError(
                f"`{name}` must have as many targets as inputs. Received: {sorted(lengths)}"
            )
        if lengths == {0}:
            raise ValueError(f"`{name}` must have examples. Received: none")
        return cls(metric, (data[0], data[1]))

    def __post_init__(self) -> None:
        if (self.examples is None) == (self.evaluate is None):
            raise ValueError(
                "`validation`, a pair (inputs, targets), or `evaluate` must be given, one of them."
                f" Received: {'neither' if self.examples is None else 'both'}"
            )
        if self.examples is not None and len(self.examples) != 2:
            raise ValueError(
                "`validation` must be a pair (inputs, targets)."
                f" Received: {type(self.examples).__name__} of {len(self.examples)}"
            )

    def of(self, predict: Predict) -> float:
        """Measures what predicts.

        Args:
            predict: of a model or a file.

        Raises:
            TypeError: if `evaluate` returns no number, or outputs are several and it is not given.
            ValueError: if there are not as many outputs as targets.
            NotFiniteError: if what comes out is not finite.
        """
        if self.evaluate is not None:
            found = self.evaluate(predict)
        else:
            assert self.examples is not None
            outputs = predict(self.examples[0])
            if isinstance(outputs, (list, tuple, dict)):
                raise TypeError(
                    "`evaluate` must be given for a network with several outputs: a function of"
                    f" `predict`. Received: {len(outputs)} outputs"
                )
            outputs, targets = np.asarray(outputs), np.asarray(self.examples[1])
            if len(outputs) != len(targets):
                raise ValueError(
                    "`validation` must have as many targets as inputs."
                    f" Received: {len(outputs)} and {len(targets)}"
                )
            found = self.metric.function(targets, outputs)
        return self._as_number(found)

    def of_model(self, model: Any) -> float:
        """Measures a model of either Keras, in evaluation mode.

        Args:
            model: built; it need not be compiled.
        """
        return self.of(lambda inputs: model.predict(inputs, batch_size=_BATCH_SIZE, verbose=0))

    def digest(self) -> str:
        """Returns a digest of metric and examples; of functions it has the names alone."""
        function = self.evaluate or self.metric.function
        name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', '')}"
        arrays: dict[str, np.ndarray] = {"name": np.array([self.metric.name, name])}
        for side, value in zip(("x", "y"), self.examples or (), strict=False):
            arrays |= {f"{side}{key}": part for key, part in _parts(value).items()}
        return files.digest(arrays)

    def _as_number(self, found: Any) -> float:
        try:
            number = float(found)
        except (TypeError, ValueError):
            raise TypeError(
                f"{self.metric.name} must be a number. Received: {type(found).__name__}"
            ) from None
        if not math.isfinite(number):
            raise _NotFiniteMetricError(f"{self.metric.name} must be finite. Received: {number}")
        return number


def _parts(value: Any) -> dict[str, np.ndarray]:
    """The arrays of nested inputs or targets, by where they are."""
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, (tuple, list)) and any(np.ndim(part) > 0 for part in value):
        items = list(enumerate(value))
    else:
        return {"": np.asarray(value)}
    return {f"/{key}{below}": a for key, part in items for below, a in _parts(part).items()}
