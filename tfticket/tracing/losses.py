"""Losses as callers give them, and whether they fit what a model puts out."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tfticket import _keras
from tfticket._lazy import tf
from tfticket.tracing.replay import Program
from tfticket.tracing.roles import heads

__all__ = ["Loss", "output_kinds"]

_KINDS = {
    **dict.fromkeys(("Sigmoid", "Softmax"), "probabilities"),
    **dict.fromkeys(("AddV2", "BiasAdd", "Conv2D", "Einsum", "MatMul"), "logits"),
}
_FOR_PROBABILITIES = {"KLDivergence", "kl_divergence"}
_ADVICE = {
    "logits": "Take a loss with `from_logits=True`",
    "probabilities": "Take a loss with `from_logits=False`, or a model without softmax or sigmoid",
}


def output_kinds(concrete: Any) -> list[str | None]:
    """Tells for each output of a traced model whether it is logits or probabilities.

    Args:
        concrete: concrete function of the model.

    Returns:
        `"probabilities"` after softmax or sigmoid, `"logits"` after a layer without activation,
        `None` after anything else.
    """
    found = heads(Program.of(concrete).main)
    return [None if head is None else _KINDS.get(head.op) for head in found]


@dataclass(frozen=True)
class Loss:
    """A loss in any form as `(targets, outputs) -> scalar`, the mean over the examples.

    Args:
        functions: `(targets, outputs)` callables: one for every output, or one for all together.
        together: whether the one function takes all targets and outputs in their structure.
    """

    functions: tuple[Callable, ...]
    together: bool

    @classmethod
    def of(cls, loss: Any, model: Any, outputs: Any) -> Loss:
        """Makes a loss from a name, a Keras loss, a callable, or a list or mapping of these.

        Args:
            loss: what the caller gave.
            model: decides in which Keras a name is looked up.
            outputs: the model's outputs, or their specifications, in their structure.

        Raises:
            ValueError: if a list or mapping does not have one loss for every output.
        """
        count = len(tf.nest.flatten(outputs))
        if isinstance(loss, (Mapping, list, tuple)):
            _check_structure("loss", loss, outputs)
            return cls(tuple(_callable(one, model) for one in tf.nest.flatten(loss)), False)
        function = _callable(loss, model)
        plain = function is loss and not _keras.flavour_or_none(loss)
        return cls((function,) * (1 if plain else count), together=plain)

    def check(self, kinds: Sequence[str | None]) -> None:
        """Raises `ValueError` if a loss is for probabilities and gets logits, or the reverse.

        Args:
            kinds: what the outputs are, from `output_kinds`.
        """
        functions = self.functions * (len(kinds) if self.together else 1)
        for number, (function, kind) in enumerate(zip(functions, kinds, strict=True)):
            wanted = _wanted(function)
            if wanted and kind and wanted != kind:
                raise ValueError(
                    f"`loss` must fit the model: output {number} is {kind}, the loss is for"
                    f" {wanted}. {_ADVICE[kind]}. Received: loss={function!r}"
                )

    def __call__(self, targets: Any, outputs: Any) -> tf.Tensor:
        if self.together:
            return tf.reduce_mean(self.functions[0](targets, outputs))
        if len(self.functions) == 1:
            return tf.reduce_mean(self.functions[0](targets, *tf.nest.flatten(outputs)))
        _check_structure("targets", targets, outputs)
        pairs = zip(self.functions, tf.nest.flatten(targets), tf.nest.flatten(outputs), strict=True)
        return tf.add_n([tf.reduce_mean(f(t, o)) for f, t, o in pairs])


def _check_structure(name: str, given: Any, outputs: Any) -> None:
    """Raises unless there is one of the given for every output, under the same names."""
    named = isinstance(outputs, Mapping)
    same = isinstance(given, Mapping) == named and len(tf.nest.flatten(given)) == len(
        tf.nest.flatten(outputs)
    )
    if not same or (named and set(given) != set(outputs)):
        raise ValueError(
            f"`{name}` must have the structure of the model's outputs, {outputs}."
            f" Received: {name}={given!r}"
        )


def _callable(loss: Any, model: Any) -> Callable:
    found = _keras.module(model).losses.get(loss) if isinstance(loss, str) else loss
    if not callable(found):
        raise TypeError(
            "`loss` must be a callable (targets, outputs), a Keras loss or its name."
            f" Received: loss={loss!r}"
        )
    return found


def _wanted(loss: Callable) -> str | None:
    """Tells whether a loss is made for logits or for probabilities, where it can be told."""
    if hasattr(loss, "get_config"):
        settings = loss.get_config()
    else:  # `functools.partial` shows what it has filled in as the default
        settings = {n: p.default for n, p in inspect.signature(loss).parameters.items()}
    if "from_logits" in settings:
        return "logits" if settings["from_logits"] is True else "probabilities"
    name = getattr(loss, "__name__", type(loss).__name__)
    if name in _FOR_PROBABILITIES:
        return "probabilities"
    return "logits" if "logits" in settings else None
