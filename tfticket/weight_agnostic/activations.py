"""The activations that a node may have, by number, as functions of arrays that work in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

__all__ = ["ACTIVATIONS", "LINEAR", "USUAL", "activate"]

_Function = Callable[[np.ndarray], object]


def _linear(x: np.ndarray) -> None:
    pass


def _step(x: np.ndarray) -> None:
    np.greater(x, 0, out=x, casting="unsafe")


def _sine(x: np.ndarray) -> None:
    np.multiply(x, np.float32(np.pi), out=x)
    np.sin(x, out=x)


def _gaussian(x: np.ndarray) -> None:
    np.square(x, out=x)
    np.multiply(x, np.float32(-0.5), out=x)
    np.exp(x, out=x)


def _tanh(x: np.ndarray) -> None:
    np.tanh(x, out=x)


def _sigmoid(x: np.ndarray) -> None:
    np.multiply(x, np.float32(0.5), out=x)
    np.tanh(x, out=x)
    np.add(x, np.float32(1), out=x)
    np.multiply(x, np.float32(0.5), out=x)


def _inverse(x: np.ndarray) -> None:
    np.negative(x, out=x)


def _absolute(x: np.ndarray) -> None:
    np.absolute(x, out=x)


def _relu(x: np.ndarray) -> None:
    np.maximum(x, np.float32(0), out=x)


def _cosine(x: np.ndarray) -> None:
    np.multiply(x, np.float32(np.pi), out=x)
    np.cos(x, out=x)


def _squared(x: np.ndarray) -> None:
    np.square(x, out=x)


#: Every activation by its name; a node has the number of its place: sin(πx), cos(πx), exp(-x²/2),
#: -x, x > 0, and those whose names say it.
ACTIVATIONS: Mapping[str, _Function] = {
    "linear": _linear,
    "step": _step,
    "sine": _sine,
    "gaussian": _gaussian,
    "tanh": _tanh,
    "sigmoid": _sigmoid,
    "inverse": _inverse,
    "absolute": _absolute,
    "relu": _relu,
    "cosine": _cosine,
    "squared": _squared,
}

#: The number of the activation that outputs have.
LINEAR = 0
#: What the authors' classifiers choose among: everything but the step and the square.
USUAL = tuple(name for name in ACTIVATIONS if name not in ("step", "squared"))

_IN_ORDER = tuple(ACTIVATIONS.values())


def activate(number: int, values: np.ndarray) -> None:
    """Applies an activation in place.

    >>> x = np.array([-1.0, 2.0], np.float32)
    >>> activate(list(ACTIVATIONS).index("relu"), x)
    >>> x
    array([0., 2.], dtype=float32)

    Args:
        number: of the activation, its place in `ACTIVATIONS`.
        values: float32, of any shape; overwritten.
    """
    _IN_ORDER[number](values)
