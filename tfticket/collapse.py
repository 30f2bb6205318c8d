"""Layer collapse: how far a score can compress a model before a layer is emptied.

No training is needed: the model is pruned as it stands, to one compression after another.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfticket import scores as scores_
from tfticket.masks import Masks
from tfticket.pruning import prune
from tfticket.schedules import Exponential
from tfticket.scores import Evidence, MaskedWeights, NonHomogeneousWarning, Score
from tfticket.weights import FilterLike, prunable_weights, read

__all__ = [
    "PAPER_ROUNDS",
    "CollapseCurve",
    "compare",
    "compression_grid",
    "critical_compression",
    "rows",
]

#: Rounds that a score's paper uses; one for all others.
PAPER_ROUNDS: Mapping[str, int] = {"synflow": 100}


@dataclass(frozen=True)
class CollapseCurve:
    """What each compression leaves of each weight.

    Args:
        score: name of the score.
        rounds: in how many rounds each compression was reached.
        num_weights: number of prunable weights by path.
        compression_ratios: the compressions tried, rising.
        kept: for each of them, the number of kept weights by path.
        connected: for each of them, whether anything flows from inputs to outputs; empty if that
            was not asked. A network with residual connections may lose a layer and stay connected.
    """

    score: str
    rounds: int
    num_weights: Mapping[str, int]
    compression_ratios: tuple[float, ...]
    kept: tuple[Mapping[str, int], ...]
    connected: tuple[bool, ...] = ()

    @property
    def maximal_compression(self) -> float:
        """The compression that leaves one weight of each layer; none is possible beyond."""
        return sum(self.num_weights.values()) / len(self.num_weights)

    @property
    def first_collapse(self) -> float | None:
        """The smallest compression tried at which something is emptied; `None` if none does it."""
        return next((c for c, k in self._pairs() if not all(k.values())), None)

    @property
    def critical_compression(self) -> float | None:
        """The largest compression tried below the first collapse; `None` if all collapse."""
        first = self.first_collapse
        reached = [c for c in self.compression_ratios if first is None or c < first]
        return reached[-1] if reached else None

    @property
    def first_disconnection(self) -> float | None:
        """The smallest compression tried at which nothing reaches the outputs; `None` if none."""
        pairs = zip(self.compression_ratios, self.connected, strict=False)
        return next((ratio for ratio, is_connected in pairs if not is_connected), None)

    @property
    def collapsed_layers(self) -> list[str]:
        """Paths that are emptied at the first collapse."""
        first = self.first_collapse
        return [p for c, k in self._pairs() if c == first for p, num in k.items() if num == 0]

    def table(self) -> list[dict[str, Any]]:
        """Returns one row per compression and path: how much is kept of it."""
        return [
            {
                "score": self.score,
                "rounds": self.rounds,
                "compression_ratio": ratio,
                "path": path,
                "num_weights": self.num_weights[path],
                "num_kept": num_kept,
            }
            for ratio, kept in self._pairs()
            for path, num_kept in kept.items()
        ]

    def _pairs(self) -> list[tuple[float, Mapping[str, int]]]:
        return list(zip(self.compression_ratios, self.kept, strict=True))


def compression_grid(num_weights: int, num_layers: int, per_decade: int = 4) -> tuple[float, ...]:
    """Returns compressions from 1 to the maximal one, evenly spaced on a logarithmic scale.

    >>> [round(c, 1) for c in compression_grid(300, 3, per_decade=2)]
    [1.0, 3.2, 10.0, 31.6, 100.0]

    Args:
        num_weights: number of prunable weights.
        num_layers: how many weights, in the sense of kernels, they belong to.
        per_decade: how many compressions there are to a factor of 10.
    """
    maximal = num_weights / num_layers
    count = math.ceil(round(math.log10(maximal) * per_decade, 9))
    return (*(10 ** (i / per_decade) for i in range(count)), maximal)


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
        compression_ratios: the compressions to try, each >= 1; `compression_grid` by default.
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
    sizes = {p: math.prod(v.shape) for p, v in prunable_weights(model, prunable).variables.items()}
    if compression_ratios is None:
        compression_ratios = compression_grid(sum(sizes.values()), len(sizes))
    ratios = _checked(compression_ratios)
    remembered = _DenseOnce(scores_.get(score))
    method = {"scope": "global", "on_collapse": "ignore", **choices, "score": remembered}
    flow = _Flow(model) if check_flow else None

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


def compare(
    model: Any,
    scores: Iterable[str | Score],
    *,
    rounds: int | Mapping[str, int] | None = None,
    **settings: Any,
) -> list[CollapseCurve]:
    """Finds the critical compression of several scores on one model.

    Args:
        model: a built model of either Keras.
        scores: names or `Score`s.
        rounds: one number for all; or by name of the score, 1 where it does not say; by default
            those of the scores' papers, `PAPER_ROUNDS`.
        **settings: what `critical_compression` takes besides.

    Returns:
        One curve per score, in their order.
    """
    found = []
    for score in map(scores_.get, scores):
        by_name = PAPER_ROUNDS if rounds is None else rounds
        num_rounds = by_name if isinstance(by_name, int) else by_name.get(score.name, 1)
        found.append(critical_compression(model, score, rounds=num_rounds, **settings))
    return found


def rows(curves: Iterable[CollapseCurve]) -> list[dict[str, Any]]:
    """Returns one plain row per curve: when the first layer was emptied, and which."""
    return [
        {
            "score": c.score,
            "rounds": c.rounds,
            "critical_compression": c.critical_compression,
            "first_collapse": c.first_collapse,
            "first_disconnection": c.first_disconnection,
            "maximal_compression": c.maximal_compression,
            "collapsed_layers": c.collapsed_layers,
        }
        for c in curves
    ]


class _Flow:
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
