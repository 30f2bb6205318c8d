"""Masks over weights that are never trained."""

from __future__ import annotations

from typing import Any

from tfticket.experiments.findings import Findings, search
from tfticket.experiments.untrained import Untrained
from tfticket.recipes.iterative import ModelFunction

__all__ = ["zhou_supermask"]


def zhou_supermask(
    model_fn: ModelFunction,
    data: Any,
    *,
    sparsity: float = 0.9,
    score: Any = "large_final",
    scope: str = "layer",
    action: Any = "signed_constant",
    granularity: Any = "weight",
    **settings: Any,
) -> Findings:
    """Trains once for a mask, and tries the mask over the initial weights, untrained.

    Args:
        model_fn: see `lottery_ticket`, as for all others.
        data: what to learn.
        sparsity: fraction of the prunable weights masked out.
        score: a criterion over initial and trained weights.
        scope: where weights are ranked.
        action: what the kept weights are: `"signed_constant"`, `"rewind"` for the initial ones, or
            another `Action`.
        granularity: the unit that is masked together.
        settings: see `tfticket.recipes`.

    References:
        Zhou et al. 2019, "Deconstructing Lottery Tickets: Zeros, Signs, and the Supermask",
        section 5, https://arxiv.org/abs/1905.01067
    """
    method = Untrained(score, sparsity, scope, action, granularity)
    return search(model_fn, data, method, **settings)
