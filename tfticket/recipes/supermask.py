"""Masks that are trained, over weights that are not."""

from __future__ import annotations

from typing import Any

from tfticket.experiments.findings import Findings, search
from tfticket.experiments.supermask import Supermask
from tfticket.recipes.iterative import ModelFunction
from tfticket.supermasks import Bernoulli, EdgePopup

__all__ = ["bernoulli_supermask", "edge_popup"]


def edge_popup(
    model_fn: ModelFunction,
    data: Any,
    *,
    sparsity: float = 0.5,
    scope: str = "layer",
    initializer: Any = "signed_kaiming_constant",
    learning_rate: float = 0.1,
    weight_decay: float = 1e-4,
    **settings: Any,
) -> Findings:
    """Trains scores, keeps the weights of the largest; trains the weights beside it.

    Args:
        model_fn: see `lottery_ticket`, as for all others; its optimizer trains the weights, and
            SGD with momentum 0.9 the scores.
        data: what to learn.
        sparsity: fraction of the weights masked out, from the first step on; about half is best.
        scope: where scores are ranked, `"layer"` or `"global"`.
        initializer: draws the weights, a name out of `supermasks.initializers`; `None` keeps those
            of `model_fn`.
        learning_rate: of the scores at the start; it falls to 0 as a cosine.
        weight_decay: of the scores.
        settings: see `tfticket.recipes`, without `prunable`.

    References:
        Ramanujan et al. 2020, "What's Hidden in a Randomly Weighted Neural Network?",
        https://arxiv.org/abs/1911.13299
    """
    masker = EdgePopup(1 - sparsity, scope=scope)
    method = Supermask(masker, initializer, learning_rate, weight_decay)
    return search(model_fn, data, method, **settings)


def bernoulli_supermask(
    model_fn: ModelFunction,
    data: Any,
    *,
    rescale: bool = True,
    initializer: Any = "signed_kaiming_constant",
    learning_rate: float = 100.0,
    weight_decay: float = 0.0,
    **settings: Any,
) -> Findings:
    """Trains the probability that a weight is kept, and rounds it; trains the weights beside it.

    How many weights are kept is found, not asked for.

    Args:
        model_fn: see `edge_popup`.
        data: what to learn.
        rescale: whether kept weights are multiplied by the number of weights by that of kept ones.
        initializer: draws the weights, a name out of `supermasks.initializers`; `None` keeps those
            of `model_fn`.
        learning_rate: of the logits at the start; it falls to 0 as a cosine.
        weight_decay: of the logits.
        settings: see `tfticket.recipes`, without `prunable`.

    References:
        Zhou et al. 2019, "Deconstructing Lottery Tickets: Zeros, Signs, and the Supermask",
        section 5, https://arxiv.org/abs/1905.01067
    """
    method = Supermask(Bernoulli(rescale=rescale), initializer, learning_rate, weight_decay)
    return search(model_fn, data, method, **settings)
