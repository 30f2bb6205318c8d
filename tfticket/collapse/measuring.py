"""How far a score can compress a model before a layer is emptied."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tfticket import scores as scores_
from tfticket.collapse.curve import CollapseCurve
from tfticket.masks import MaskedWeights, Masks
from tfticket.pruning import prune
from tfticket.schedules import Exponential
from tfticket.scores import Evidence, NonHomogeneousWarning, Score
from tfticket.weights import FilterLike, prunable_weights, read

__all__ = ["compression_grid", "compressions", "critical_compression"]


def compression_grid(num_weights: int, num_layers: int, per_decade: int = 4) -> tuple[float, ...]:
    """Returns compressions from 1 to the maximal one, evenly spaced on a logarithmic scale.

    >>> [round(c, 1) for c in compression_grid(300, 3, per_decade=2)]
    [1.0, 3.2, 10.0, 31.6, 100.0]

    Args:
        num_weights: number of prunable weights.
        num_layers: how many weights, in the sense of kernels, they belong to.
        per_decade: how many compressions there are to a factor of 10.

    Raises:
        ValueError: if `per_decade` is below 1.
    """
    if per_decade < 1:
        raise ValueError(f"`per_decade` must be at least 1. Received: per_decade={per_decade}")
    maximal = num_weights / num_layers
    count = math.ceil(round(math.log10(maximal) * per_decade, 9))
    return (*(10 ** (i / per_decade) for i in range(count)), maximal)


def compressions(
    model: Any, per_decade: int = 4, *, prunable: FilterLike = None
) -> tuple[float, ...]:
    """Returns the `compression_grid` of a model.

    Args:
        model: a built model of either Keras.
        per_decade: how many compressions there are to a factor of 10.
        prunable: which weights may be masked.
    """
    sizes = _sizes(model, prunable)
    return compression_grid(sum(sizes.values()), len(sizes), per_decade)


def critical_compression(
    model: Any,
    score: str | Score,
    *,
    compression_ratios: Sequence[float] | None = None,
    rounds: int = 1,
    prunable: FilterLike = None,
    evidence: Evidence | None = None,
    on_compression: Callable[[float, Mapping[str, int]], None] | None = None,
    check_flow: bool = False,
    **choices: Any,
) -> CollapseCurve:
    """Prunes a model to one compression after another and tells when a layer is emptied.

    The model is left as it was. Every compression is reached from the dense model by itself, in
    so many rounds of equal pruning rate.

    Args:
        model: a built model of either Keras.
        score: what each weight is worth; a name or a `Score`.
        compression_ratios: the compressions to try, each >= 1; `compressions` by default.
        rounds: in how many rounds each is reached, >= 1.
        prunable: which weights may be masked.
        evidence: what the score needs besides the weights.
        on_compression: called with each compression and what it keeps, by path.
        check_flow: whether to tell if anything still flows from inputs to outputs.
        **choices: other parts of `PruningMethod`; the scope is `"global"` unless it says otherwise.

    Returns:
        A `CollapseCurve`.

    Raises:
        ValueError: if a compression is below 1, or the score lacks evidence.

    References:
        Tanaka et al. 2020, section 3, https://arxiv.org/abs/2006.05467
    """
    sizes = _sizes(model, prunable)
    if compression_ratios is None:
        compression_ratios = compressions(model, prunable=prunable)
    ratios = _checked(compression_ratios)
    remembered = _DenseOnce(scores_.get(score))
    method = {"scope": "global", "on_collapse": "ignore", **choices, "score": remembered}
    flow = _FlowCheck(model) if check_flow else None

    def kept(ratio: float) -> tuple[dict[str, int], bool]:
        schedule = Exponential(1 - 1 / ratio, rounds=rounds)
        ticket = prune(model, prunable=prunable, evidence=evidence, schedule=schedule, **method)
        counts = ticket.masks.kept_per_path()
        if on_compression is not None:
            on_compression(ratio, counts)
        return counts, flow is None or flow.passes(ticket.masks)

    counts, connected = zip(*map(kept, ratios), strict=True)
    connected = connected if check_flow else ()
    return CollapseCurve(remembered.name, rounds, sizes, ratios, counts, connected)


def _checked(compression_ratios: Sequence[float]) -> tuple[float, ...]:
    ratios = tuple(sorted({float(c) for c in compression_ratios}))
    if not ratios or ratios[0] < 1:
        raise ValueError(
            "`compression_ratios` must be at least 1: it is dense size by kept size."
            f" Received: compression_ratios={compression_ratios}"
        )
    return ratios


def _sizes(model: Any, prunable: FilterLike) -> dict[str, int]:
    variables = prunable_weights(model, prunable).variables
    return {path: math.prod(v.shape) for path, v in variables.items()}


class _FlowCheck:
    """Whether anything gets through a model under masks, by the flow of positive weights."""

    def __init__(self, model: Any):
        self._model, self._score = model, scores_.SynFlow(biases=False)
        self._weights = read(model)

    def passes(self, masks: Masks) -> bool:
        present = MaskedWeights({p: self._weights[p] for p in masks}, masks)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NonHomogeneousWarning)
            flows = self._score(self._model, Evidence(present, masks=masks))
        return any(flow.any() for flow in flows.values())


class _DenseOnce(Score):
    """Another score that looks at the dense model once: every compression starts from there."""

    def __init__(self, score: Score):
        self._score = score
        self._dense: dict[str, np.ndarray] | None = None

    @property
    def name(self) -> str:  # type: ignore[override]
        return self._score.name

    def compute(self, model: Any, evidence: Evidence) -> dict[str, np.ndarray]:
        masks = evidence.masks
        if not isinstance(masks, Masks) or masks.num_kept < masks.num_weights:
            return self._score(model, evidence)
        if self._dense is None:
            self._dense = self._score(model, evidence)
        return self._dense
