"""Recipes that leave a smaller network: whole channels go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from tfticket.experiments.channel_pruning import ChannelPruning
from tfticket.experiments.findings import Findings, search
from tfticket.experiments.scratch import Budget, FromScratch, SparseFromScratch
from tfticket.experiments.slimming import EarlyBirdTicket, Slimming
from tfticket.slimming import ChannelLimits

__all__ = ["early_bird", "l1_filters", "scratch_b", "scratch_e", "slimming"]

ModelFunction = Callable[..., Any]
Widths = Literal["predefined", "discovered"]


def slimming(
    model_fn: ModelFunction,
    data: Any,
    *,
    channel_sparsity: float = 0.5,
    strength: float = 1e-4,
    initial_scale: float | None = 0.5,
    scope: Any = "global",
    limits: ChannelLimits | None = None,
    fine_tune_steps: int | str | None = None,
    **settings: Any,
) -> Findings:
    """Trains with a penalty on normalisation scales, removes the smallest, fine-tunes the rest.

    The dense network is trained beside it, without the penalty.

    Args:
        model_fn: see `lottery_ticket`, as for all others; with BatchNormalization.
        data: what to learn.
        channel_sparsity: fraction of the removable channels that go.
        strength: of the penalty; published are 1e-4 for VGG and 1e-5 for residual networks, over
            160 epochs.
        initial_scale: what scales start from; `None` leaves them as they are.
        scope: where channels are ranked.
        limits: rounding and the largest sparsity of a group.
        fine_tune_steps: of the smaller network; `None` means as many as of the dense one.
        settings: see `tfticket.recipes`.

    References:
        Liu et al. 2017, "Learning efficient convolutional networks through network slimming",
        https://arxiv.org/abs/1708.06519
    """
    method = Slimming(
        channel_sparsity,
        scope=scope,
        limits=limits or ChannelLimits(),
        fine_tune_steps=fine_tune_steps,
        strength=strength,
        initial_scale=initial_scale,
    )
    return search(model_fn, data, method, **settings)


def early_bird(
    model_fn: ModelFunction,
    data: Any,
    *,
    channel_sparsity: float = 0.5,
    epsilon: float = 0.1,
    queue_length: int = 5,
    every: int | str | None = None,
    strength: float = 1e-4,
    limits: ChannelLimits | None = None,
    **settings: Any,
) -> Findings:
    """Removes channels as soon as it is settled which ones, and trains the smaller network on.

    The dense network is trained beside it, to the end.

    Args:
        model_fn: see `lottery_ticket`, as for all others; with BatchNormalization.
        data: what to learn.
        channel_sparsity: fraction of the removable channels that go.
        epsilon: largest distance of the newest mask from the others.
        queue_length: number of masks compared.
        every: how often to look; `None` means forty times in the training.
        strength: of the penalty on scales while it looks; 0 is none.
        limits: rounding and the largest sparsity of a group.
        settings: see `tfticket.recipes`.

    References:
        You et al. 2020, "Drawing early-bird tickets", https://arxiv.org/abs/1909.11957
    """
    method = EarlyBirdTicket(
        channel_sparsity,
        limits=limits or ChannelLimits(),
        strength=strength,
        every=every,
        epsilon=epsilon,
        queue_length=queue_length,
    )
    return search(model_fn, data, method, **settings)


def l1_filters(
    model_fn: ModelFunction,
    data: Any,
    *,
    channel_sparsity: float = 0.5,
    score: Any = "l1",
    scope: Any = "layer",
    limits: ChannelLimits | None = None,
    fine_tune_steps: int | str | None = None,
    **settings: Any,
) -> Findings:
    """Removes the filters of smallest L1 norm in each layer after training, and fine-tunes.

    Args:
        model_fn: see `lottery_ticket`, as for all others.
        data: what to learn.
        channel_sparsity: fraction of the removable channels that go.
        score: what a channel is worth, as for `slimming.channel_scores`.
        scope: where channels are ranked.
        limits: rounding and the largest sparsity of a group.
        fine_tune_steps: of the smaller network; `None` means as many as of the dense one.
        settings: see `tfticket.recipes`.

    References:
        Li et al. 2017, "Pruning filters for efficient ConvNets", https://arxiv.org/abs/1608.08710
    """
    method = ChannelPruning(
        channel_sparsity, score, scope, limits or ChannelLimits(), fine_tune_steps
    )
    return search(model_fn, data, method, **settings)


def scratch_e(
    model_fn: ModelFunction,
    data: Any,
    *,
    channel_sparsity: float | None = None,
    sparsity: float | None = None,
    widths: Widths = "predefined",
    strength: float = 1e-4,
    limits: ChannelLimits | None = None,
    **settings: Any,
) -> Findings:
    """Trains the pruned architecture from new random weights, for as many steps as the dense one.

    Give `channel_sparsity` for a smaller network, or `sparsity` for one with single weights masked.

    Args:
        model_fn: see `lottery_ticket`, as for all others.
        data: what to learn.
        channel_sparsity: fraction of the removable channels that go.
        sparsity: fraction of the prunable weights masked out, by magnitude after a dense training.
        widths: `"predefined"`, the same fraction of every group of channels, or `"discovered"` by
            slimming.
        strength: of the penalty that discovers.
        limits: rounding and the largest sparsity of a group.
        settings: see `tfticket.recipes`.

    Raises:
        ValueError: unless exactly one of the sparsities is given.

    References:
        Liu et al. 2019, "Rethinking the Value of Network Pruning",
        https://arxiv.org/abs/1810.05270
    """
    method = _scratch("steps", channel_sparsity, sparsity, widths, strength, limits)
    return search(model_fn, data, method, **settings)


def scratch_b(
    model_fn: ModelFunction,
    data: Any,
    *,
    channel_sparsity: float | None = None,
    sparsity: float | None = None,
    widths: Widths = "predefined",
    strength: float = 1e-4,
    limits: ChannelLimits | None = None,
    **settings: Any,
) -> Findings:
    """Trains the pruned architecture from new random weights, for as many FLOPs as the dense one.

    At most twice as many steps, as in the paper.

    Args:
        model_fn: see `lottery_ticket`, as for all others.
        data: what to learn.
        channel_sparsity: fraction of the removable channels that go.
        sparsity: fraction of the prunable weights masked out, by magnitude after a dense training.
        widths: `"predefined"` or `"discovered"`, as for `scratch_e`.
        strength: of the penalty that discovers.
        limits: rounding and the largest sparsity of a group.
        settings: see `tfticket.recipes`.

    Raises:
        ValueError: unless exactly one of the sparsities is given.

    References:
        Liu et al. 2019, "Rethinking the Value of Network Pruning",
        https://arxiv.org/abs/1810.05270
    """
    method = _scratch("flops", channel_sparsity, sparsity, widths, strength, limits)
    return search(model_fn, data, method, **settings)


def _scratch(
    budget: Budget,
    channel_sparsity: float | None,
    sparsity: float | None,
    widths: Widths,
    strength: float,
    limits: ChannelLimits | None,
) -> FromScratch | SparseFromScratch:
    if channel_sparsity is not None and sparsity is None:
        return FromScratch(
            channel_sparsity,
            limits=limits or ChannelLimits(),
            strength=strength,
            budget=budget,
            widths=widths,
        )
    if sparsity is not None and channel_sparsity is None:
        return SparseFromScratch(sparsity, budget=budget)
    raise ValueError(
        "exactly one of `channel_sparsity` and `sparsity` must be given. Received:"
        f" channel_sparsity={channel_sparsity}, sparsity={sparsity}"
    )
