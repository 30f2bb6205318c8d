"""What a channel is worth: the scores of its weights, pooled over the group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from tfticket import devices, registry, scores, weights
from tfticket.graph import ChannelGroup, Graph, Member
from tfticket.scores import Evidence
from tfticket.seeds import generator
from tfticket.tracing import batch_losses, mean_saliency

__all__ = ["CHANNEL_SCORES", "ChannelScore", "channel_scores", "some_scores"]

Pooling = Literal["sum", "mean", "max", "norm"]
POOLINGS: tuple[Pooling, ...] = ("sum", "mean", "max", "norm")
MEMBERS = ("kernels", "scales")


@dataclass(frozen=True)
class ChannelScore:
    """A score of single weights, pooled over the weights of a channel.

    The usual ones are `"l1"`, `score = Σ|w|` over the weights that make the channel, `"l2"`, the
    root of `Σw²`, and `"scale"`, the mean of `|γ|` over its normalisations.

    Args:
        score: of the weights: a name out of `scores.SCORES`, a `Score`, or `"product"`, the weight
            times its gradient, which needs a batch and a loss.
        of: which weights: the `"kernels"` that make the channels, or the `"scales"`, every
            normalisation's gamma that acts on them.
        pooling: `"sum"`, `"mean"`, `"max"`, or `"norm"`, the root of the sum of squares.
        is_squared: whether the pooled score is squared, then averaged over batches.
    """

    score: Any = "magnitude"
    of: Literal["kernels", "scales"] = "kernels"
    pooling: Pooling = "mean"
    is_squared: bool = False

    def __post_init__(self) -> None:
        if self.pooling not in POOLINGS or self.of not in MEMBERS:
            raise ValueError(
                f"`pooling` must be one of {POOLINGS} and `of` one of {MEMBERS}."
                f" Received: pooling={self.pooling!r}, of={self.of!r}"
            )

    def __call__(self, model: Any, graph: Graph, evidence: Evidence) -> dict[str, np.ndarray]:
        """Scores the channels of a `graph` of a `model` by the `evidence`."""
        evidence = replace(evidence, weights=self._weights(model, graph))
        if not evidence.weights:
            return {}
        rounds = [_pooled(graph, scored, self.pooling) for scored in self._scored(model, evidence)]
        if self.is_squared:
            rounds = [{n: np.square(s) for n, s in one.items()} for one in rounds]
        return {n: np.mean([one[n] for one in rounds], axis=0) for n in rounds[0]}

    def _weights(self, model: Any, graph: Graph) -> dict[str, np.ndarray]:
        """The weights that are scored; the channels of a group without any get no score."""
        members = [m for g in graph.groups.values() for m in g.members]
        held = weights.read_all(model)
        return {m.path: held[m.path] for m in members if self._counts(m, graph)}

    def _counts(self, member: Member, graph: Graph) -> bool:
        if self.of == "kernels":
            return member.role == "out"
        return member.path.endswith("gamma") and member.path in graph.trainable

    def _scored(self, model: Any, evidence: Evidence) -> list[dict[str, np.ndarray]]:
        """Scores of single weights; of products one per batch, so that they can be squared."""
        if self.score != "product":
            return [scores.get(self.score)(model, evidence)]
        if not evidence.batches or evidence.loss is None:
            raise ValueError(
                "`evidence` must have a batch and a loss for the score of weights times gradients."
                f" Received: loss={evidence.loss!r} and {len(evidence.batches)} batches"
            )

        def by_batch() -> list[dict[str, np.ndarray]]:
            losses = batch_losses(model, evidence.batches, evidence.loss)
            return [mean_saliency(model, evidence.weights, [loss]) for loss in losses]

        return devices.outside_scopes(by_batch)


#: Channel scores by name. Any other name is that of a weight score, whose mean is taken.
CHANNEL_SCORES: dict[str, ChannelScore] = {
    "scale": ChannelScore(of="scales"),
    "l1": ChannelScore(pooling="sum"),
    "l2": ChannelScore(pooling="norm"),
    "taylor": ChannelScore("product", pooling="sum", is_squared=True),
}


def channel_scores(
    model: Any, graph: Graph, score: Any = "l1", evidence: Evidence | None = None
) -> dict[str, np.ndarray]:
    """Scores every channel of every group, larger = keep.

    Args:
        model: a built model of either Keras.
        graph: its channel groups.
        score: `"scale"` (the mean |gamma|), `"l1"` or `"l2"` (the norm of the filters), `"taylor"`
            (the squared sum of weight times gradient), `"random"`, the name of a weight score or a
            `Score` (the mean over the filters), or a `ChannelScore`.
        evidence: a batch and a loss, or a seed, for the scores that need them; its weights are
            replaced by the model's.

    Returns:
        `{group: [channels]}`; groups in which there is nothing to score, as those without a
        BatchNormalization, are left out.

    Raises:
        ValueError: if no channel may be removed.

    References:
        Liu et al. 2017, "Learning efficient convolutional networks through network slimming",
        https://arxiv.org/abs/1708.06519
        Li et al. 2017, "Pruning filters for efficient ConvNets", https://arxiv.org/abs/1608.08710
        Molchanov et al. 2019, "Importance estimation for neural network pruning", equation 8 for a
        filter, https://arxiv.org/abs/1906.10771
    """
    graph.require_groups()
    evidence = Evidence({}) if evidence is None else evidence
    if score == "random":
        return _drawn(graph, evidence.seed)
    if isinstance(score, str):
        known = {**{name: name for name in scores.SCORES}, **CHANNEL_SCORES}
        score = registry.member(score, known, "score")
    made = score if isinstance(score, ChannelScore) else ChannelScore(scores.get(score))
    return made(model, graph, evidence)


def some_scores(
    model: Any, graph: Graph, score: Any, evidence: Evidence | None = None
) -> dict[str, np.ndarray]:
    """Scores channels as `channel_scores` does, and refuses to score none.

    Args:
        model: a built model of either Keras.
        graph: its channel groups.
        score: as for `channel_scores`.
        evidence: as for `channel_scores`.

    Raises:
        ValueError: if no channel may be removed, or there is nothing to score in any group.
    """
    found = channel_scores(model, graph, score, evidence)
    if not found:
        raise ValueError(
            "`score` must find something to score, as a BatchNormalization's gamma for 'scale'."
            f" Received: score={score!r}\n{graph}"
        )
    return found


def _drawn(graph: Graph, seed: int | None) -> dict[str, np.ndarray]:
    if seed is None:
        raise ValueError("`evidence` must have a seed for random scores. Received: seed=None")
    return {
        name: generator(seed, "channel_score", name).random(group.num_channels)
        for name, group in graph.groups.items()
    }


def _pooled(
    graph: Graph, scored: Mapping[str, np.ndarray], pooling: Pooling
) -> dict[str, np.ndarray]:
    found = {}
    for name, group in graph.groups.items():
        own = [m for m in group.members if m.role != "in" and m.path in scored]
        if own:
            found[name] = _of_group(group, [(m, scored[m.path]) for m in own], pooling)
    return found


def _of_group(
    group: ChannelGroup, parts: list[tuple[Member, np.ndarray]], pooling: Pooling
) -> np.ndarray:
    """Pools the scores of all weights of each channel."""
    total, count = np.zeros(group.num_channels), np.zeros(group.num_channels)
    largest = np.full(group.num_channels, -np.inf)
    for member, array in parts:
        rows = np.moveaxis(np.asarray(array, np.float64), member.axis, 0)
        rows = rows.reshape(len(rows), -1)
        own = member.channels >= 0
        at = member.channels[own]
        np.add.at(total, at, (np.square(rows) if pooling == "norm" else rows).sum(1)[own])
        np.add.at(count, at, rows.shape[1])
        np.maximum.at(largest, at, rows.max(1)[own])
    if pooling == "max":
        return largest
    if pooling == "mean":
        return total / count
    return np.sqrt(total) if pooling == "norm" else total
