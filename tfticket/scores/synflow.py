"""SynFlow: how much of the flow from the inputs to the outputs passes through a weight."""

from __future__ import annotations

import math
import warnings
import weakref
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tfticket.scores.base import Evidence, Score
from tfticket.tracing import Measured, SynapticFlow, flow_of

__all__ = ["NonHomogeneousWarning", "SynFlow"]

_LISTED = 8


class NonHomogeneousWarning(UserWarning):
    """Parts of the model were replaced, or are such that synaptic flow is not conserved."""


@dataclass(frozen=True)
class SynFlow(Score):
    """Synaptic flow: `score = |w · ∂R/∂w|` with R the sum of the outputs of a positive network.

    R is taken with every variable replaced by its absolute value, normalisation statistics
    included, in evaluation mode, for one example of ones, without softmax or sigmoid at the
    outputs, in float64. It needs no data. Into and out of every hidden unit flows the same, so no
    layer is emptied before all are at their last weights, if pruning takes many rounds: 100 with
    an exponential schedule are usual.

    The model is not touched. One of Keras' own layers is traced once for all searches until it
    changes, any other once for each search. What in it is not positively homogeneous —
    `f(a·x) = a·f(x)` for a > 0 — is replaced while scoring, and a `NonHomogeneousWarning` says
    what, once for each search: ReLU6 and smooth rectifiers by ReLU, gates by gates half open,
    normalisation by the example's own statistics and preprocessing by their scale.

    Args:
        biases: whether biases, offsets and moving means of normalisation count with their absolute
            values, as in the authors' code, or are 0, as in their formula. Without them the flow
            is conserved exactly.
        input_value: the value of the inputs, and of the gradient at the outputs; > 0. Networks
            whose flow leaves the range of float64 take a smaller one; where there are no biases
            it only scales the scores.

    References:
        Tanaka et al. 2020, "Pruning neural networks without any data by iteratively conserving
        synaptic flow", https://arxiv.org/abs/2006.05467
    """

    name = "synflow"
    biases: bool = True
    input_value: float = 1.0
    _flows: weakref.WeakKeyDictionary = field(
        default_factory=weakref.WeakKeyDictionary, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if not self.input_value > 0:
            raise ValueError(
                f"`input_value` must be positive: flow is. Received: input_value={self.input_value}"
            )

    def compute(self, model: Any, evidence: Evidence) -> dict[str, np.ndarray]:
        paths = tuple(evidence.weights)
        masks = evidence.masks or {}
        known, flow = self._flows.get(model, (None, None))
        if known == paths and not all(m.all() for m in masks.values()):  # a search goes on
            return self._checked(flow(model, evidence.weights, self.input_value), evidence)
        flow = flow_of(model, paths, next(iter(evidence.batches), None), self.biases)
        measured = flow(model, evidence.weights, self.input_value)
        scores = self._checked(measured, evidence)
        if measured.output:
            _warn(flow, measured, [p for p, s in scores.items() if not s.any()])
        self._flows[model] = paths, flow
        return scores

    def _checked(self, measured: Measured, evidence: Evidence) -> dict[str, np.ndarray]:
        """Returns the scores if they are numbers and the model lets anything through."""
        received = f"R={measured.output}, input_value={self.input_value}"
        if not math.isfinite(measured.output):
            raise ValueError(
                "`model` must have a flow within the range of float64: the sum of its outputs is"
                " too large or not a number. Check its weights for NaN, or score with"
                " `SynFlow(input_value=1e-150)`: without biases the ranking is the same, and"
                f" `SynFlow(biases=False)` leaves them out. Received: {received}"
            )
        if measured.output == 0 and all(np.all(w) for w in evidence.weights.values()):
            raise ValueError(
                "`model` must let something through: nothing reaches its outputs although no"
                " weight is 0, so every score would be 0. A moving mean larger than what flows"
                " does this (leave it out with `SynFlow(biases=False)`), or a flow below the range"
                f" of float64 (`SynFlow(input_value=1e150)`). Received: {received}"
            )
        return measured.scores


def _warn(flow: SynapticFlow, measured: Measured, dead: list[str]) -> None:
    """Says, once per model, where its flow is not what the method assumes."""
    said = []
    replaced = list(dict.fromkeys(flow.replaced))
    unknown = math.isnan(measured.sources)
    if replaced:
        listed = "; ".join(replaced[:_LISTED]) + ("; …" if replaced[_LISTED:] else "")
        said.append(f"replaced while scoring, as not homogeneous ({len(replaced)}): {listed}")
    if not unknown and not math.isclose(measured.sources, measured.output, rel_tol=1e-6):
        said.append(
            "synaptic flow is not conserved: some part of the model is not homogeneous. Of"
            f" {measured.output:.6g} at the outputs {measured.sources:.6g} comes from the inputs"
        )
    if dead:
        said.append(f"nothing flows through these weights, they will be pruned first: {dead}")
    if said:
        warnings.warn(". ".join(said), NonHomogeneousWarning, stacklevel=4)
