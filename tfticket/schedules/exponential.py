"""The exponential curve: the same pruning rate in every round."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from tfticket.clock import steps
from tfticket.schedules.base import Schedule, as_sparsity

__all__ = ["Exponential"]


@dataclasses.dataclass(frozen=True)
class Exponential(Schedule):
    """Removes the same fraction of what is left in every round: `density(p) = d0·(d1/d0)^p`.

    "20 % of the surviving weights, R times" is this curve: see `at_rate`.

    Args:
        final_sparsity: sparsity at progress 1, in [0, 1).
        initial_sparsity: sparsity at progress 0, in [0, final_sparsity].
        rounds: how many rounds it is made for, >= 1; remembered for the caller.
        pruning_rate: fraction of the surviving weights removed in a round; use `at_rate`.

    Example:
        >>> round(Exponential(0.99).curve(0.5), 3)
        0.9

    References:
        Frankle and Carbin 2019, The lottery ticket hypothesis: https://arxiv.org/abs/1803.03635
        Tanaka et al. 2020, SynFlow: https://arxiv.org/abs/2006.05467
    """

    final_sparsity: float
    initial_sparsity: float = dataclasses.field(default=0.0, kw_only=True)
    rounds: int | None = dataclasses.field(default=None, kw_only=True)  # type: ignore[misc]
    pruning_rate: float | None = dataclasses.field(default=None, kw_only=True)

    def __post_init__(self):
        super().__post_init__()
        self._keep_rising_sparsities()
        if self.rounds is not None:
            self._keep("rounds", _num_rounds(self.rounds))
        if self.pruning_rate is not None:
            ends_at = _sparsity_after(self.pruning_rate, self.rounds or 0)
            if (self.initial_sparsity, self.final_sparsity) != (0.0, ends_at):
                raise ValueError(
                    "`pruning_rate` must agree with the sparsities: use"
                    " Exponential.at_rate(pruning_rate, rounds), which works them out."
                    f" Received: {self!r}"
                )

    @classmethod
    def at_rate(cls, pruning_rate: float, rounds: int, **clock: Any) -> Exponential:
        """Makes the curve that removes a fraction of the surviving weights in every round.

        `curve(r / rounds)` is exactly `1 - (1 - pruning_rate)**r` for every round r.

        Args:
            pruning_rate: fraction of the surviving weights removed in one round, in [0, 1).
            rounds: number of rounds, >= 1.
            **clock: `begin_step`, `end_step`, `frequency`.

        Example:
            >>> round(Exponential.at_rate(0.2, rounds=10).curve(0.3), 3)  # after 3 rounds
            0.488
        """
        rate, rounds = as_sparsity(pruning_rate, "pruning_rate"), _num_rounds(rounds)
        return cls(_sparsity_after(rate, rounds), pruning_rate=rate, rounds=rounds, **clock)

    def formula(self, progress: Any) -> Any:
        """Returns 1 minus the geometric density."""
        if self.pruning_rate is not None:
            return _sparsity_after(self.pruning_rate, _whole(self.rounds * progress))
        last, first = 1.0 - self.final_sparsity, 1.0 - self.initial_sparsity
        return 1.0 - last * (first / last) ** (1.0 - progress)


def _sparsity_after(pruning_rate: float, rounds: Any) -> Any:
    return 1.0 - (1.0 - pruning_rate) ** rounds


def _whole(count: Any) -> Any:
    # r / R * R may miss r by a rounding, as 1 / 49 * 49 does; a budget must not.
    if tf.is_tensor(count):
        return count
    whole = np.round(count)
    near = np.where(np.abs(count - whole) < 1e-9, whole, count)
    return near if near.ndim else float(near)


def _num_rounds(rounds: int) -> int:
    if steps(rounds, name="rounds") < 1:
        raise ValueError(
            f"`rounds` must be at least 1: a round is one pruning. Received: rounds={rounds!r}"
        )
    return int(rounds)
