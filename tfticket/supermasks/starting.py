"""start_from: scores from which training starts at a given mask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tfticket import _keras, weights
from tfticket.errors import MismatchError
from tfticket.masks import Masks
from tfticket.supermasks.plain import Subnetwork, subnetworks
from tfticket.tickets import Ticket

__all__ = ["next_round", "start_from"]


def next_round(model: Any) -> None:
    """Begins a further round of continuous sparsification: `s = min(β · s, s₀)`, then `β = 1`.

    What was kept starts from the initial score again; what was masked is far below and stays out
    unless the loss brings it back. Weights go on as they are.

    Args:
        model: a supermask model whose masker is `ContinuousSparsification`, after a training.

    Raises:
        ValueError: if no layer of the model has a temperature.
    """
    layers = [s.layer for s in subnetworks(model).values() if s.layer.temperature is not None]
    if not layers:
        raise ValueError(
            "`model` must have layers with a temperature, as `ContinuousSparsification` gives"
            f" them. Received: model={model.name!r}"
        )
    for layer in layers:
        scaled = np.float32(layer.temperature) * _keras.to_numpy(layer.scores)
        _keras.assign(layer.scores, np.minimum(scaled, np.float32(layer.masker.initial_score)))
        layer.set_temperature(1.0)


def start_from(model: Any, source: Ticket | Masks) -> None:
    """Sets a supermask model's scores so that its mask at evaluation is that of a ticket.

    Edge-popup's scores keep their magnitudes and signs, dealt out so that what the ticket keeps
    ranks above what it does not; if the ticket keeps another number than the masker, the mask is
    the nearest of the masker's own number. Bernoulli's logits become those of probability .95 and
    .05. Signed masks start without inverted weights. Scores of continuous sparsification keep their
    magnitudes. A trained threshold has no mask of its own and is refused.

    Args:
        model: a built supermask model.
        source: a `Ticket`, whose weights, masked ones included, become the frozen ones; or `Masks`,
            which leave the weights as they are.

    Raises:
        MismatchError: if the masks are not those of the model's kernels; nothing is changed then.
        ValueError: if a masker's mask follows from the weights; nothing is changed then.
    """
    found = subnetworks(model)
    masks = _of_model(source.masks if isinstance(source, Ticket) else source, found)
    fresh = [pair for group in _groups(found) for pair in _fresh(found, masks, group)]
    if isinstance(source, Ticket):
        weights.write(model, source.weights)
    for variable, scores in fresh:
        _keras.assign(variable, scores)


def _fresh(
    found: Mapping[str, Subnetwork], masks: Masks, group: list[str]
) -> list[tuple[Any, np.ndarray]]:
    """Returns what to write to the scores of kernels that are ranked together."""
    layers = [found[p].layer for p in group]
    scores = [_keras.to_numpy(layer.scores) for layer in layers]
    mask = np.concatenate([masks[p].ravel() for p in group]).astype(np.int8)
    fresh = layers[0].masker.scores_for(mask, np.concatenate([s.ravel() for s in scores]))
    parts = np.split(fresh, np.cumsum([s.size for s in scores])[:-1])
    return [(a.scores, b.reshape(s.shape)) for a, b, s in zip(layers, parts, scores, strict=True)]


def _of_model(masks: Masks, found: Mapping[str, Subnetwork]) -> Masks:
    """Puts masks under the model's own paths."""
    if len(masks) != len(found):
        missing, unknown = set(found) - set(masks), set(masks) - set(found)
        raise MismatchError(
            "the masks must be those of the model's kernels:"
            f" {sorted(missing)} are missing, {sorted(unknown)} are unknown."
        )
    renamed = weights.align(masks, found)
    weights.check_shapes({renamed[p]: m for p, m in masks.items()}, _masks(found))
    return Masks({renamed[p]: m for p, m in masks.items()})


def _masks(found: Mapping[str, Subnetwork]) -> dict[str, np.ndarray]:
    return {p: s.mask for p, s in found.items()}


def _groups(found: Mapping[str, Subnetwork]) -> list[list[str]]:
    """The kernels that are ranked together: those of one masker if it is global, else each."""
    groups: dict[Any, list[str]] = {}
    for path, subnetwork in found.items():
        ranking = getattr(subnetwork.layer.masker, "ranking", None)
        is_global = ranking is not None and ranking.scope == "global"
        groups.setdefault(id(ranking) if is_global else path, []).append(path)
    return list(groups.values())
