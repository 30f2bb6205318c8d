"""prune: score, select, act, for one or many rounds without training in between."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from tfticket import _keras, schedules
from tfticket import masks as masks_
from tfticket import weights as weights_
from tfticket.actions import RewindPoints
from tfticket.initializers import draws
from tfticket.layouts import layouts
from tfticket.masks import Masks
from tfticket.pruning_method import PruningMethod
from tfticket.scores import Evidence, MaskedWeights
from tfticket.share import warn_of_share
from tfticket.tickets import Ticket
from tfticket.weights import FilterLike

__all__ = ["next_masks", "prune"]


def prune(
    model: Any,
    method: PruningMethod | None = None,
    *,
    prunable: FilterLike = None,
    evidence: Evidence | None = None,
    on_round: Callable[[int, Masks], None] | None = None,
    **choices: Any,
) -> Ticket:
    """Prunes a model as it stands, without training, and returns the ticket.

    The model itself is left as it was; `ticket.apply(model)` writes the zeros.

    Args:
        model: a built model of either Keras.
        method: the choices in one; or give its parts by name: `schedule=`, `score=`, `scope=`,
            `action=`, `rounds=` (1 unless the schedule says otherwise).
        prunable: which weights may be masked: a regex, a list, a callable or a `Filter`.
        evidence: what the score needs besides the weights (batch, loss, rewind points, seed); its
            `weights` are replaced by the model's at every round.
        on_round: called with the round and its masks after each round.
        **choices: the parts of `method`.

    Returns:
        A ticket whose start weights are the model's own after the action.

    Raises:
        ValueError: if the score lacks evidence, or an argument is out of range.
    """
    method = method or _method(choices)
    evidence = evidence or Evidence({}, seed=0)
    # Views, not copies: TensorFlow leaves memory alone that someone looks at.
    warn_of_share(model, prunable)
    before = {p: np.asarray(_keras.value_of(v)) for p, v in weights_.variables(model).items()}
    present = {p: before[p] for p in weights_.prunable_weights(model, prunable).variables}
    masks = masks_.ones_like(present)
    for round_ in range(1, method.num_rounds + 1):
        now = dataclasses.replace(evidence, weights=MaskedWeights(present, masks))
        masks = next_masks(model, method, round_, masks, now)
        if on_round is not None:
            on_round(round_, masks)
    points = RewindPoints({0: before, **evidence.rewind_points}, draws(model, present))
    start = method.action(before, masks, points)
    held = method.pruned(before, masks, points)
    provenance = {"method": method.config(), "seed": evidence.seed}
    return Ticket(masks, start, provenance, pruned_values=held)


def _method(choices: dict[str, Any]) -> PruningMethod:
    """Without training in between, one round and unchanged weights are meant."""
    if "schedule" not in choices:
        raise ValueError(
            "`schedule` must be given if `method` is not: how sparse, such as"
            f" schedule=schedules.OneShot(0.8). Received: {', '.join(choices) or 'neither'}"
        )
    schedule = schedules.get(choices.pop("schedule"))
    choices = {"rounds": schedule.rounds or 1, "action": "fine_tune", **choices}
    return PruningMethod(schedule, **choices)


def next_masks(
    model: Any, method: PruningMethod, round_: int, masks: Masks, evidence: Evidence
) -> Masks:
    """Scores the survivors and selects those of the next level.

    Args:
        model: the model the score looks at.
        method: says which score, scope and granularity.
        round_: the round that is due, 1 … rounds.
        masks: the present masks.
        evidence: what the score may look at; its `masks` are these.
    """
    evidence = dataclasses.replace(evidence, masks=masks)
    scores: dict[str, np.ndarray] = method.score(model, evidence)
    return method.select(scores, masks, method.sparsity_after(round_), layouts(model, masks))
