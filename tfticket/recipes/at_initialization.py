"""Prune before any training, then train; trains the dense network beside it."""

from __future__ import annotations

from typing import Any

from tfticket.experiments.at_initialization import AtInitialization
from tfticket.experiments.findings import Findings, search
from tfticket.recipes.iterative import ModelFunction

__all__ = ["grasp", "magnitude_at_init", "random_at_init", "snip", "synflow"]


def synflow(
    model_fn: ModelFunction,
    data: Any,
    *,
    sparsity: float = 0.9,
    rounds: int = 100,
    scope: str = "global",
    granularity: Any = "weight",
    **settings: Any,
) -> Findings:
    """Keeps the weights through which most flows, by no data at all, in a hundred rounds.

    Args:
        model_fn: see `lottery_ticket`, as for all others.
        data: what to learn.
        sparsity: fraction of the prunable weights masked out before training.
        rounds: in how many rounds, without training in between.
        scope: where weights are ranked.
        granularity: the unit that is masked together.
        settings: see `tfticket.recipes`.

    References:
        Tanaka et al. 2020, "Pruning neural networks without any data by iteratively conserving
        synaptic flow", https://arxiv.org/abs/2006.05467
    """
    method = AtInitialization("synflow", sparsity, rounds, scope, granularity)
    return search(model_fn, data, method, **settings)


def snip(
    model_fn: ModelFunction,
    data: Any,
    *,
    sparsity: float = 0.9,
    rounds: int = 1,
    scope: str = "global",
    granularity: Any = "weight",
    **settings: Any,
) -> Findings:
    """Keeps the weights whose absence would change the loss of one batch most.

    Args:
        model_fn: see `lottery_ticket`, as for all others.
        data: what to learn; the batch is drawn from its train split.
        sparsity: fraction of the prunable weights masked out before training.
        rounds: in how many rounds, without training in between.
        scope: where weights are ranked.
        granularity: the unit that is masked together.
        settings: see `tfticket.recipes`.

    References:
        Lee et al. 2019, "SNIP: Single-shot network pruning based on connection sensitivity",
        https://arxiv.org/abs/1810.02340
    """
    method = AtInitialization("snip", sparsity, rounds, scope, granularity)
    return search(model_fn, data, method, **settings)


def grasp(
    model_fn: ModelFunction,
    data: Any,
    *,
    sparsity: float = 0.9,
    rounds: int = 1,
    scope: str = "global",
    granularity: Any = "weight",
    **settings: Any,
) -> Findings:
    """Keeps the weights whose absence would weaken the gradient of one batch most.

    Args:
        model_fn: see `lottery_ticket`, as for all others.
        data: what to learn; the batch is drawn from its train split.
        sparsity: fraction of the prunable weights masked out before training.
        rounds: in how many rounds, without training in between.
        scope: where weights are ranked.
        granularity: the unit that is masked together.
        settings: see `tfticket.recipes`.

    References:
        Wang et al. 2020, "Picking winning tickets before training by preserving gradient flow",
        https://arxiv.org/abs/2002.07376
    """
    method = AtInitialization("grasp", sparsity, rounds, scope, granularity)
    return search(model_fn, data, method, **settings)


def magnitude_at_init(
    model_fn: ModelFunction,
    data: Any,
    *,
    sparsity: float = 0.9,
    rounds: int = 1,
    scope: str = "global",
    granularity: Any = "weight",
    **settings: Any,
) -> Findings:
    """Keeps the largest initial weights: a baseline for pruning before training.

    Args:
        model_fn: see `lottery_ticket`, as for all others.
        data: what to learn.
        sparsity: fraction of the prunable weights masked out before training.
        rounds: in how many rounds, without training in between.
        scope: where weights are ranked.
        granularity: the unit that is masked together.
        settings: see `tfticket.recipes`.

    References:
        Frankle et al. 2021, "Pruning Neural Networks at Initialization: Why Are We Missing the
        Mark?", https://arxiv.org/abs/2009.08576
    """
    method = AtInitialization("magnitude", sparsity, rounds, scope, granularity)
    return search(model_fn, data, method, **settings)


def random_at_init(
    model_fn: ModelFunction,
    data: Any,
    *,
    sparsity: float = 0.9,
    rounds: int = 1,
    scope: str = "global",
    granularity: Any = "weight",
    **settings: Any,
) -> Findings:
    """Keeps weights at random: the baseline every other method has to beat.

    Args:
        model_fn: see `lottery_ticket`, as for all others.
        data: what to learn.
        sparsity: fraction of the prunable weights masked out before training.
        rounds: in how many rounds, without training in between.
        scope: where weights are ranked.
        granularity: the unit that is masked together.
        settings: see `tfticket.recipes`.

    References:
        Frankle et al. 2021, "Pruning Neural Networks at Initialization: Why Are We Missing the
        Mark?", https://arxiv.org/abs/2009.08576
    """
    method = AtInitialization("random", sparsity, rounds, scope, granularity)
    return search(model_fn, data, method, **settings)
