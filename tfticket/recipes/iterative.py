"""Train, prune, act, again; and gradual pruning inside one training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tfticket.experiments.findings import Findings, search
from tfticket.experiments.gradual import Gradual
from tfticket.experiments.methods import Iterative

__all__ = [
    "fine_tuning",
    "gradual",
    "late_rewinding",
    "learning_rate_rewinding",
    "lottery_ticket",
]

ModelFunction = Callable[..., Any]
Rates = float | Mapping[str, float]


def lottery_ticket(
    model_fn: ModelFunction,
    data: Any,
    *,
    sparsity: float | None = 0.9,
    pruning_rate: Rates = 0.2,
    rounds: int | None = None,
    rewind_to: int | str = 0,
    scope: str = "layer",
    granularity: Any = "weight",
    **settings: Any,
) -> Findings:
    """Finds lottery tickets: train, prune the smallest weights, rewind the rest, again.

    Args:
        model_fn: returns a compiled, built model; given the seed if it has a parameter `seed`,
            otherwise called after everything random has been seeded.
        data: a `zoo.Dataset`, `((x_train, y_train), (x_test, y_test))`, or `(x, y)`, of which a
            tenth becomes the test.
        sparsity: fraction of the prunable weights masked out at the end, met exactly; the number
            of rounds is the smallest that reaches it at `pruning_rate`, and every round removes
            the same fraction. `None` if `rounds` is given instead.
        pruning_rate: fraction of the surviving weights removed in a round; or, in scope
            `"layer"`, one by regular expression of weight paths, the first match counting.
        rounds: number of rounds; alone, each removes exactly `pruning_rate`.
        rewind_to: the step that kept weights go back to, with the whole training state: 0,
            `"500it"`, `"2ep"`.
        scope: where weights are ranked, `"layer"` or `"global"`.
        granularity: the unit that is masked together.
        settings: see `tfticket.recipes`.

    References:
        Frankle & Carbin 2019, "The Lottery Ticket Hypothesis", https://arxiv.org/abs/1803.03635
    """
    method = Iterative(
        "rewind", rewind_to, sparsity, pruning_rate, rounds, scope, granularity=granularity
    )
    return search(model_fn, data, method, **settings)


def late_rewinding(
    model_fn: ModelFunction,
    data: Any,
    *,
    sparsity: float | None = 0.9,
    pruning_rate: Rates = 0.2,
    rounds: int | None = None,
    rewind_to: int | str = "500it",
    scope: str = "global",
    granularity: Any = "weight",
    **settings: Any,
) -> Findings:
    """Finds tickets that start a little after the initialisation: larger networks need that.

    Args:
        model_fn: see `lottery_ticket`, as for all others.
        data: what to learn.
        sparsity: at the end.
        pruning_rate: in a round.
        rounds: instead of `sparsity`.
        rewind_to: the step that kept weights go back to.
        scope: where weights are ranked.
        granularity: the unit that is masked together.
        settings: see `tfticket.recipes`.

    References:
        Frankle et al. 2020, "Linear Mode Connectivity and the Lottery Ticket Hypothesis",
        https://arxiv.org/abs/1912.05671
    """
    method = Iterative(
        "rewind", rewind_to, sparsity, pruning_rate, rounds, scope, granularity=granularity
    )
    return search(model_fn, data, method, **settings)


def learning_rate_rewinding(
    model_fn: ModelFunction,
    data: Any,
    *,
    sparsity: float | None = 0.9,
    pruning_rate: Rates = 0.2,
    rounds: int | None = None,
    rewind_to: int | str = 0,
    scope: str = "global",
    granularity: Any = "weight",
    **settings: Any,
) -> Findings:
    """Prunes and trains again with the learning rates of the first time; weights stay.

    Args:
        model_fn: see `lottery_ticket`, as for all others.
        data: what to learn.
        sparsity: at the end.
        pruning_rate: in a round.
        rounds: instead of `sparsity`.
        rewind_to: the step from which learning rates and batches replay.
        scope: where weights are ranked.
        granularity: the unit that is masked together.
        settings: see `tfticket.recipes`.

    References:
        Renda et al. 2020, "Comparing Rewinding and Fine-tuning in Neural Network Pruning",
        https://arxiv.org/abs/2003.02389
    """
    method = Iterative(
        "rewind_learning_rate",
        rewind_to,
        sparsity,
        pruning_rate,
        rounds,
        scope,
        granularity=granularity,
    )
    return search(model_fn, data, method, **settings)


def fine_tuning(
    model_fn: ModelFunction,
    data: Any,
    *,
    sparsity: float | None = 0.9,
    pruning_rate: Rates = 0.2,
    rounds: int | None = None,
    scope: str = "global",
    granularity: Any = "weight",
    **settings: Any,
) -> Findings:
    """Prunes and trains on, at the last learning rate, for as many steps again after each round.

    Args:
        model_fn: see `lottery_ticket`, as for all others.
        data: what to learn.
        sparsity: at the end.
        pruning_rate: in a round.
        rounds: instead of `sparsity`.
        scope: where weights are ranked.
        granularity: the unit that is masked together.
        settings: see `tfticket.recipes`.

    References:
        Han et al. 2015, "Learning both Weights and Connections for Efficient Neural Networks",
        https://arxiv.org/abs/1506.02626
    """
    method = Iterative(
        "fine_tune", 0, sparsity, pruning_rate, rounds, scope, granularity=granularity
    )
    return search(model_fn, data, method, **settings)


def gradual(
    model_fn: ModelFunction,
    data: Any,
    *,
    sparsity: float = 0.9,
    begin_step: int | str = 0,
    end_step: int | str | None = None,
    frequency: int | None = None,
    scope: str = "layer",
    granularity: Any = "weight",
    **settings: Any,
) -> Findings:
    """Prunes inside one training, by a cubic schedule; trains the dense network beside it.

    Args:
        model_fn: see `lottery_ticket`, as for all others.
        data: what to learn.
        sparsity: at the end.
        begin_step: first step to prune at.
        end_step: last step to prune at; `None` means three quarters of the training.
        frequency: steps from one pruning to the next; `None` means a hundredth of the training.
        scope: where weights are ranked.
        granularity: the unit that is masked together.
        settings: see `tfticket.recipes`.

    References:
        Zhu & Gupta 2017, "To prune, or not to prune", https://arxiv.org/abs/1710.01878
    """
    method = Gradual(sparsity, scope, "magnitude", begin_step, end_step, frequency, granularity)
    return search(model_fn, data, method, **settings)
