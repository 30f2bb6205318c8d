"""compute_in: a model that computes in few bits, from now until released."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

from tfticket import _keras, _optimizers
from tfticket.low_precision.formats import Precision, precision_of
from tfticket.low_precision.held import held_weights
from tfticket.low_precision.rounding import Rounding
from tfticket.nodes import can_be_network, is_network, nodes
from tfticket.retracing import retrace

__all__ = ["LowPrecision", "check_precision", "compute_in"]

_MARK = "_computes_in"


class LowPrecision:
    """Calls of a model's layers are rounded, until it is released.

    Made by `compute_in`; a `with` block releases it at its end.

    Args:
        model: the model.
        precision: how it is to compute.
        seed: of rounding at random.

    Attributes:
        unreached: paths of weights that are used unrounded, since no attribute of their layer
            holds them.
    """

    def __init__(self, model: Any, precision: Precision, seed: int):
        self.model, self.precision = model, precision
        self._held, self.unreached = held_weights(model)
        self._rounding = Rounding(precision, seed, lambda: _optimizers.iterations(model.optimizer))
        self._is_inside = False
        self._before: list[tuple[dict[str, Any], Any]] = []
        for layer in _called(model):
            self._before.append((vars(layer), vars(layer).get("call")))
            vars(layer)["call"] = self._wrapped(layer, layer.call)
        retrace(model, evaluation=True)

    def release(self) -> None:
        """Lets the model compute as before; weights keep their values."""
        for attributes, call in reversed(self._before):
            del attributes["call"]
            if call is not None:
                attributes["call"] = call
        if self._before:
            self._before = []
            retrace(self.model, evaluation=True)

    def _wrapped(self, layer: Any, call: Callable[..., Any]) -> Callable[..., Any]:
        # What was traced with a weight in it cannot be used with the same weight rounded.
        call = getattr(call, "python_function", call)
        is_network = can_be_network(layer)

        @functools.wraps(call)
        def rounded(*args: Any, **kwargs: Any) -> Any:
            if self._is_inside:
                found = call(*args, **kwargs)
            else:
                with self._rounded_weights():
                    given = [self._rounding.values(args[0]), *args[1:]] if args else []
                    found = call(*given, **kwargs)
            return found if is_network else self._rounding.values(found)

        setattr(rounded, _MARK, self.precision.name)
        return rounded

    @contextlib.contextmanager
    def _rounded_weights(self) -> Iterator[None]:
        """Puts rounded weights in the places of all of the model's while it is called."""
        self._rounding.begin()
        self._is_inside = True
        found: dict[int, Any] = {}
        try:
            for held in self._held:
                found |= {id(v): self._rounding.weight(v) for v in held.variables}
            for held in self._held:
                held.put(found)
            yield
        finally:
            for held in self._held:
                held.put_back()
            self._is_inside = False

    def __str__(self) -> str:
        return str(self.precision)

    def __enter__(self) -> LowPrecision:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()


def compute_in(model: Any, precision: str | Precision, *, seed: int = 0) -> Any:
    """Makes a model compute in few bits: training, evaluation and prediction, until released.

    Rounded are weights as they are used; what layers and operations return, and the inputs; the
    errors that come back to these; and the gradients of weights as they leave the layers. The
    arithmetic itself, sums and statistics inside a layer, the loss and its own gradient with it, is
    float32's, and so are the weights that the optimizer steps, its slots and what regularisers see.

    - `"bfloat16"`: 7 bits of mantissa, to the nearest.
    - `"float8"`: e4m3 forward, e5m2 backward, to the nearest; each tensor scaled by a power of
      two to what its largest magnitude allows.
    - `"int8"`: 127 steps to either side of 0, up to each tensor's largest magnitude; forward to
      the nearest, backward at random, by seed, step and place, so that a training that is
      resumed goes on with the same bits.
    - `"float32"`: everything stays as it is.

    Args:
        model: a compiled, built model of either Keras, all of whose layers compute in float32.
            Functions of one's own that were traced with it before stay unrounded.
        precision: its name, or a `Precision`.
        seed: of rounding at random.

    Returns:
        A `LowPrecision`; leave its `with` block, or call `release()`, for float32.

    Raises:
        ValueError: if there is no such precision, the model is not compiled or computes in another
            precision already, mixed precision included.

    Example:
        with tt.low_precision.compute_in(model, "float8"):
            model.fit(x, y)

    References:
        Yang et al. 2019, "SWALP", https://arxiv.org/abs/1904.11943, whose training in 8 bits the
        early-bird paper searches with: there a power of two is the scale of every tensor, every
        number is rounded at random, and weights are kept in 8 bits between steps.
        Micikevicius et al. 2022, "FP8 formats for deep learning", https://arxiv.org/abs/2209.05433
    """
    check_precision(model, precision)
    found = precision_of(precision)
    return contextlib.nullcontext() if found is None else LowPrecision(model, found, seed)


def check_precision(model: Any, precision: str | Precision) -> None:
    """Makes sure that a model can compute in a precision, before anything is changed.

    Args:
        model: as `compute_in` takes it.
        precision: the same.

    Raises:
        ValueError: if it cannot.
    """
    found = precision_of(precision)
    if found is None:
        return
    if getattr(model, "optimizer", None) is None:
        raise ValueError(
            "`model` must be compiled: rounding at random follows its optimizer's steps. Received:"
            f" model={getattr(model, 'name', model)!r} without an optimizer"
        )
    inside = getattr(vars(model).get("call"), _MARK, None)
    if inside is not None:
        raise ValueError(
            "`model` must not compute in low precision already: release that first. Received:"
            f" precision={found.name!r} inside {inside!r}"
        )
    others = {
        path or layer.name: str(layer.compute_dtype)
        for path, layer, _ in _keras.walk(model)
        if "float" in str(layer.compute_dtype) and layer.compute_dtype != "float32"
    }
    if others:
        raise ValueError(
            f"`model` must compute in float32 for precision={found.name!r}, whose rounding comes"
            " instead of mixed precision: build it with the policy 'float32'. Received: layers"
            f" {others}"
        )


def _called(model: Any) -> list[Any]:
    """Everything in a model that is called: its layers, and operations of its graphs."""
    layers = [layer for _, layer, _ in _keras.walk(model)]
    graphs = [layer for layer in layers if is_network(layer)]
    found = {id(one): one for one in layers}
    found |= {id(n.operation): n.operation for graph in graphs for n in nodes(graph)}
    return list(found.values())
