"""The synaptic flow of one model: traced once, run in every round."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfticket import _keras, weights
from tfticket._lazy import tf
from tfticket.masks import MaskedWeights
from tfticket.tracing.examples import evaluation, input_specs
from tfticket.tracing.homogeneous import homogeneous_layers
from tfticket.tracing.homogeneous_rules import homogeneous_rules
from tfticket.tracing.kernels import require_kernels
from tfticket.tracing.operations import widened
from tfticket.tracing.replay import Program, run

__all__ = ["Measured", "SynapticFlow"]

_ADDING = ("bias", "beta", "mean")  # they add to the flow, as inputs do
_MULTIPLYING = ("kernel", "gamma", "variance")


@dataclass(frozen=True)
class Measured:
    """What one run gives.

    Attributes:
        scores: `|w · ∂R/∂w|` by path, float64.
        output: R, the sum of all outputs, times the gradient there.
        sources: how much of it stems from inputs and biases: all, where the model is homogeneous.
            NaN where the model takes integers or has variables of unknown purpose.
    """

    scores: dict[str, np.ndarray]
    output: float
    sources: float


class SynapticFlow:
    """A model as a function of the absolute values of its variables, in float64.

    The model is traced in evaluation mode; nothing here refers to it afterwards.

    Args:
        model: a built model of either Keras.
        paths: the weights that are scored.
        batch: `(inputs, targets)` to read shapes off that the model leaves open.
        biases: whether biases, offsets and moving means count, or are 0.

    Attributes:
        replaced: what was replaced because it is not homogeneous, in words; known after the
            first run.
    """

    def __init__(self, model: Any, paths: tuple[str, ...], batch: Any = None, biases: bool = True):
        structure = input_specs(model, batch)
        concrete, self.replaced = _traced(model, structure)
        self._inputs = tf.nest.flatten(structure)
        self._program = Program.of(concrete)
        self._captured, self._strangers = _captured(model, concrete)
        self._fixed = self._digests(model)
        self._others = [p for p in self._captured if isinstance(p, str) and p not in paths]
        self._paths, self._biases = paths, biases
        self._measure = tf.function(self._flow, autograph=False)

    def __call__(self, model: Any, present: Mapping[str, np.ndarray], scale: float) -> Measured:
        """Measures the flow at the present weights.

        Args:
            model: the model, for the present values of its other variables.
            present: the scored weights by path.
            scale: the value of every input, and of the gradient at every output.
        """
        known = weights.variables(model)
        others = [_keras.value_of(known[p]) for p in self._others]
        scored, masks = self._tensors(present, known)
        output, sources, scores = self._measure(
            scored, masks, others, tf.constant(scale, tf.float64)
        )
        named = {p: np.asarray(s) for p, s in zip(self._paths, scores, strict=True)}
        return Measured(named, float(output), float(sources))

    def holds_for(self, model: Any) -> bool:
        """Tells whether the model would be traced alike, as far as its variables say.

        What a variable does by way of a constant, as the statistics of a Normalization layer do,
        is part of the trace.

        Args:
            model: the model that was traced.
        """
        return self._digests(model) == self._fixed

    def _digests(self, model: Any) -> dict[Any, bytes]:
        """Sums up the values of variables that are not looked up in a run; counters have none."""
        seen = {c for c in self._captured if isinstance(c, str)}
        fixed: dict[Any, Any] = dict(enumerate(self._strangers))
        fixed |= {p: v for p, v in weights.variables(model).items() if p not in seen}
        arrays = {k: _keras.to_numpy(v) for k, v in fixed.items()}
        numbers = {k: a for k, a in arrays.items() if not np.issubdtype(a.dtype, np.integer)}
        return {k: hashlib.sha256(a.tobytes()).digest() for k, a in numbers.items()}

    def _tensors(self, present: Mapping[str, np.ndarray], known: Mapping[str, Any]) -> tuple:
        """Returns the weights, and the masks where there are, as tensors.

        What looks at a variable's own memory is not copied, and masked weights are masked by
        TensorFlow, so that beside the scores there is no copy of all of them.
        """
        unmasked, masks = present, []
        if isinstance(present, MaskedWeights):
            unmasked = present.unmasked
            masks = [tf.convert_to_tensor(present.masks[p]) for p in self._paths]
        return [_tensor(unmasked[p], known[p]) for p in self._paths], masks

    def _flow(self, scored: list, masks: list, others: list, scale: tf.Tensor) -> tuple:
        zero = tf.UnconnectedGradients.ZERO
        values = dict(zip(self._paths, _magnitudes(scored, masks), strict=True))
        values |= {p: _positive(v) for p, v in zip(self._others, others, strict=True)}
        if not self._biases:
            values |= {p: tf.zeros_like(v) for p, v in values.items() if p.endswith(_ADDING)}
        inputs = [_filled(spec, scale) for spec in self._inputs]
        captured = [values[c] if isinstance(c, str) else c for c in self._captured]
        outputs = run(self._program, inputs, captured, homogeneous_rules(self.replaced))
        result = scale * tf.add_n([tf.reduce_sum(o) for o in outputs if o.dtype.is_floating])
        values |= {f"input {i}": x for i, x in enumerate(inputs)}
        values = {p: v for p, v in values.items() if v.dtype.is_floating}
        gradients = tf.gradients(result, list(values.values()), unconnected_gradients=zero)
        require_kernels(tf.compat.v1.get_default_graph())
        flows = {p: v * g for (p, v), g in zip(values.items(), gradients, strict=True)}
        return result, self._sources(flows), [tf.abs(flows[p]) for p in self._paths]

    def _sources(self, flows: dict[str, tf.Tensor]) -> tf.Tensor:
        """Adds up `x · ∂R/∂x` over all that adds to the flow."""
        adding = [p for p in flows if p.startswith("input ") or p.endswith(_ADDING)]
        multiplying = [p for p in flows if p.endswith(_MULTIPLYING) or p in self._paths]
        known = len(adding) + len(multiplying) == len(flows)
        if not known or not all(spec.dtype.is_floating for spec in self._inputs):
            return tf.constant(np.nan, tf.float64)
        return tf.add_n([tf.reduce_sum(flows[p]) for p in adding])


def _traced(model: Any, structure: Any) -> tuple[Any, list[str]]:
    """Traces the model in evaluation mode with homogeneous layers."""
    forward = evaluation(model)

    @tf.function
    def outputs(*inputs: Any) -> list:
        return tf.nest.flatten(forward(tf.nest.pack_sequence_as(structure, inputs)))

    with homogeneous_layers(model) as replaced:
        return outputs.get_concrete_function(*tf.nest.flatten(structure)), replaced


def _captured(model: Any, concrete: Any) -> tuple[list[Any], list[Any]]:
    """Lists what a traced model refers to: weight paths, and other things by value.

    Returns:
        The list, and those variables in it that are not the model's own.
    """
    paths = {id(_keras.native(v).handle): p for p, v in weights.variables(model).items()}
    strangers = {id(v.handle): v for v in concrete.graph.variables if id(v.handle) not in paths}
    found: list[Any] = []
    for captured in concrete.captured_inputs:
        if id(captured) in paths:
            found.append(paths[id(captured)])
        elif id(captured) in strangers:
            found.append(_positive(tf.constant(strangers[id(captured)].numpy())))
        elif captured.dtype.is_floating or captured.dtype.is_complex:
            found.append(tf.constant(widened(captured.numpy())))
        else:
            found.append(captured)  # an integer, or a lookup table
    return found, list(strangers.values())


def _tensor(array: np.ndarray, variable: Any) -> tf.Tensor:
    """Returns an array as a tensor: a variable's value, uncopied, if it looks at just that."""
    value = _keras.value_of(variable)
    if "CPU" in value.device:
        own = np.asarray(value)
        if (own.ctypes.data, own.shape, own.dtype) == (array.ctypes.data, array.shape, array.dtype):
            return value
    return tf.convert_to_tensor(array)


def _magnitudes(scored: list, masks: list) -> list:
    """Returns absolute values in float64, 0 where masked, made one after another.

    TensorFlow would make them side by side, in as much memory as all of them take once more.
    """
    found: list = []
    for i, weight in enumerate(scored):
        with tf.control_dependencies(found[-1:]):
            weight = tf.abs(weight)
            if masks:
                weight = tf.where(masks[i], weight, tf.zeros((), weight.dtype))
            found.append(tf.cast(weight, tf.float64))
    return found


def _positive(value: Any) -> Any:
    return tf.cast(tf.abs(value), tf.float64) if value.dtype.is_floating else value


def _filled(spec: tf.TensorSpec, scale: tf.Tensor) -> tf.Tensor:
    return tf.fill(spec.shape, scale) if spec.dtype.is_floating else tf.ones(spec.shape, spec.dtype)
