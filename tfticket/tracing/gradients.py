"""Losses of a model and their gradients, at weights that the model need not hold."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfticket import _keras, devices, weights
from tfticket._lazy import tf
from tfticket.tracing.examples import evaluation
from tfticket.tracing.losses import Loss, output_kinds

__all__ = ["BatchLoss", "Forward", "batch_losses", "gradients", "lent", "mean_saliency", "slopes"]


@contextlib.contextmanager
def lent(model: Any, values: Mapping[str, np.ndarray]) -> Iterator[list[Any]]:
    """Holds other weights in a model inside a `with` block; yields their `tf.Variable`s.

    Args:
        model: a built model of either Keras; bit-identical again when the block ends.
        values: weights by path.
    """
    variables = weights.variables(model)
    before: dict[str, Any] = {}
    try:
        for path, value in values.items():
            held = _keras.value_of(variables[path])
            if not _is_memory_of(value, held):
                before[path] = held
                _keras.assign(variables[path], value)
        yield [devices.read_outside_steps(_keras.native(variables[p])) for p in values]
    finally:
        for path, value in before.items():
            _keras.assign(variables[path], value)


def _is_memory_of(value: np.ndarray, tensor: Any) -> bool:
    """Tells whether an array is a tensor's own memory, so that nothing has to be lent."""
    own = np.asarray(tensor)
    return value.dtype == own.dtype and value.ctypes.data == own.ctypes.data


def gradients(tape: tf.GradientTape, value: Any, variables: Sequence[Any]) -> list[tf.Tensor]:
    """Returns dense gradients, 0 where the value does not depend on a variable.

    Args:
        tape: recorded the value.
        value: a scalar.
        variables: what to differentiate by.

    Raises:
        ValueError: if the value depends on none of them.
    """
    found = tape.gradient(value, variables) if tf.is_tensor(value) else [None]
    if all(g is None for g in found):
        raise ValueError(
            "the loss or objective must be computed from the weights by TensorFlow or Keras"
            f" operations: it has no gradient. Received: {value!r}"
        )
    zipped = zip(found, variables, strict=True)
    return [tf.zeros_like(v) if g is None else tf.convert_to_tensor(g) for g, v in zipped]


def mean_saliency(
    model: Any,
    values: Mapping[str, np.ndarray],
    functions: Sequence[Callable[[], Any]],
    each: Callable[[tf.Tensor], tf.Tensor] = lambda product: product,
) -> dict[str, np.ndarray]:
    """Averages `each(w · ∂R/∂w)` over several scalar functions R of the model.

    Args:
        model: a built model of either Keras; left as it was.
        values: the weights by path at which to differentiate.
        functions: each computes one scalar from the model, without arguments.
        each: what to do with the products before they are averaged.

    Returns:
        `{path: array}` with the shapes and types of the weights.
    """
    with lent(model, values) as variables:
        total: list[tf.Tensor] = []
        for function in functions:
            found = _differentiated(function, variables)
            products = [each(v * g) for v, g in zip(variables, found, strict=True)]
            total = [a + b for a, b in zip(total, products, strict=True)] if total else products
    count = len(functions)
    means = total if count == 1 else [t / count for t in total]
    return {p: np.asarray(m) for p, m in zip(values, means, strict=True)}


def _differentiated(function: Callable[[], Any], variables: Sequence[Any]) -> list[tf.Tensor]:
    if isinstance(function, BatchLoss):
        return function.gradients(variables)
    return slopes(function, variables)


def slopes(function: Callable[[], Any], variables: Sequence[Any]) -> list[tf.Tensor]:
    """Returns the gradients of what a function computes, on a tape around it.

    Args:
        function: computes a scalar, without arguments.
        variables: what to differentiate by.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(variables)
        value = function()
    return gradients(tape, value, variables)


@dataclass(frozen=True)
class BatchLoss:
    """The loss on one batch, in evaluation mode.

    Args:
        forward: the traced model.
        loss: what compares targets and outputs.
        batch: `(inputs, targets)`.
        temperature: what the outputs are divided by.
        given: the loss as the caller gave it, by which traced gradients are found again.
    """

    forward: Forward
    loss: Loss
    batch: tuple[Any, Any]
    temperature: float
    given: Any

    def __call__(self) -> tf.Tensor:
        return self._value(self.forward.traced, *self.batch)

    def gradients(self, variables: Sequence[Any]) -> list[tf.Tensor]:
        """Differentiates by these variables alone, in one graph that is traced once.

        A tape around a traced model would differentiate by everything the model refers to.

        Args:
            variables: `tf.Variable`s of the model.
        """
        key = (id(self.given), self.temperature, tuple(map(id, variables)))
        if key not in self.forward.differentiated:
            reference = self.forward.reference

            @tf.function(reduce_retracing=True)
            def differentiated(inputs: Any, targets: Any) -> list[tf.Tensor]:
                with tf.GradientTape(watch_accessed_variables=False) as tape:
                    tape.watch(variables)
                    value = self._value(evaluation(reference()), inputs, targets)
                return gradients(tape, value, variables)

            # The loss is kept, so that no other can have its identity
            self.forward.differentiated[key] = differentiated, self.given
        step, _ = self.forward.differentiated[key]
        return step(*tf.nest.map_structure(tf.convert_to_tensor, self.batch))

    def _value(self, forward: Callable[[Any], Any], inputs: Any, targets: Any) -> tf.Tensor:
        outputs = forward(inputs)
        cooled = tf.nest.map_structure(lambda o: o / tf.cast(self.temperature, o.dtype), outputs)
        return self.loss(targets, cooled)


class Forward:
    """A model traced in evaluation mode, that does not keep the model alive.

    Args:
        model: a built model of either Keras.

    Attributes:
        reference: weak, to the model.
        traced: the model as a function of its inputs.
        differentiated: gradients of losses, as they are traced.
    """

    def __init__(self, model: Any):
        self.reference = reference = weakref.ref(model)
        self.differentiated: dict[tuple, tuple[Any, Any]] = {}

        @tf.function(reduce_retracing=True)
        def forward(inputs: Any) -> Any:
            return evaluation(reference())(inputs)

        self.traced = forward


#: What has been traced of each model, for all scores; models that are gone leave it.
_TRACED: weakref.WeakKeyDictionary[Any, Forward] = weakref.WeakKeyDictionary()


def batch_losses(
    model: Any, batches: Sequence[tuple[Any, Any]], loss: Any, temperature: float = 1.0
) -> list[BatchLoss]:
    """Returns the loss on each batch as a function without arguments.

    Args:
        model: a built model of either Keras; traced once, whatever the score.
        batches: pairs of `(inputs, targets)`.
        loss: a Keras loss or its name, a callable, or a list or mapping of these.
        temperature: the outputs, which must be logits if it is not 1, are divided by it.

    Raises:
        ValueError: if the loss is for probabilities and the model gives logits, or the reverse.
    """
    if model not in _TRACED:
        _TRACED[model] = Forward(model)
    return [_on_batch(model, loss, batch, temperature) for batch in batches]


def _on_batch(model: Any, loss: Any, batch: tuple, temperature: float) -> BatchLoss:
    inputs = tf.nest.map_structure(tf.convert_to_tensor, batch[0])
    concrete = _TRACED[model].traced.get_concrete_function(inputs)
    kinds = output_kinds(concrete)
    made = Loss.of(loss, model, concrete.structured_outputs)
    made.check(kinds)
    if temperature != 1 and "probabilities" in kinds:
        raise ValueError(
            "`model` must give logits, which are divided by the temperature: it ends in softmax"
            f" or sigmoid. Received: temperature={temperature}"
        )
    return BatchLoss(_TRACED[model], made, (inputs, batch[1]), temperature, loss)
