"""How many rounds, and how much in each, for a sparsity that is met exactly."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from tfticket.schedules.exponential import Exponential
from tfticket.schedules.per_path import PerPath

__all__ = ["planned_schedule", "rounds_needed"]

#: One pruning rate for every weight, or one by weight path.
Rates = float | Mapping[str, float]

_ROUNDING = 1e-9


def planned_schedule(
    sizes: Mapping[str, int],
    *,
    pruning_rate: Rates,
    sparsity: float | None = None,
    rounds: int | None = None,
) -> Any:
    """Makes the schedule of a target.

    With `rounds` alone, every round removes exactly `pruning_rate` of what is left. With
    `sparsity`, the last round ends at exactly that sparsity: the number of rounds is the smallest
    that reaches it at `pruning_rate`, and every round removes the same, slightly smaller fraction.
    Rates by path keep their proportion: their densities are `(1 - rate)**t` with one `t` for all,
    and the sparsity over all paths is met to within half a weight per path.

    >>> planned_schedule({"kernel": 1000}, pruning_rate=0.2, sparsity=0.9).rounds
    11

    Args:
        sizes: number of prunable weights by path.
        pruning_rate: fraction of the surviving weights removed in a round; or by path.
        sparsity: fraction of all prunable weights masked out at the end.
        rounds: number of rounds; with `sparsity` too, how fast follows and only the proportions
            of the pruning rates matter.

    Returns:
        An `Exponential`, or a `PerPath` of them.

    Raises:
        ValueError: if neither target is given, or a rate is out of (0, 1).
    """
    rates = pruning_rate if isinstance(pruning_rate, Mapping) else {"": pruning_rate}
    _check(rates, sparsity, rounds)
    if sparsity is None:
        made = {p: Exponential.at_rate(r, rounds or 1) for p, r in rates.items()}
    else:
        time = _time_needed(sizes if "" not in rates else {"": 1}, rates, sparsity)
        rounds = rounds or max(1, math.ceil(time - _ROUNDING))
        targets = {p: 1.0 - (1.0 - r) ** time for p, r in rates.items()}
        if len(rates) == 1:
            targets = dict.fromkeys(rates, sparsity)  # not by way of logarithms
        made = {p: Exponential(s, rounds=rounds) for p, s in targets.items()}
    if "" in made:
        return made[""]
    return PerPath({f"^{re.escape(p)}$": schedule for p, schedule in made.items()})


def rounds_needed(sparsity: float, pruning_rate: float) -> int:
    """Returns the smallest R with `1 - (1 - pruning_rate)**R >= sparsity`.

    >>> rounds_needed(0.9, 0.2), rounds_needed(0.36, 0.2)
    (11, 2)

    Args:
        sparsity: in (0, 1).
        pruning_rate: fraction of the surviving weights removed in a round, in (0, 1).
    """
    return planned_schedule({"": 1}, pruning_rate=pruning_rate, sparsity=sparsity).rounds


def _time_needed(sizes: Mapping[str, int], rates: Mapping[str, float], sparsity: float) -> float:
    """Solves for the number of rounds, whole or not, after which the sparsity is reached."""
    total = sum(sizes.values())

    def density(time: float) -> float:
        return sum(n * (1.0 - rates[p]) ** time for p, n in sizes.items()) / total

    target, low, high = 1.0 - sparsity, 0.0, 1.0
    while density(high) > target:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if density(middle) > target else (low, middle)
    return high


def _check(rates: Mapping[str, float], sparsity: float | None, rounds: int | None) -> None:
    wrong = {p: r for p, r in rates.items() if not 0 < r < 1}
    if wrong:
        raise ValueError(
            "`pruning_rate` must be in (0, 1): it is the fraction of the surviving weights removed"
            f" in a round. Received: pruning_rate={wrong.get('', wrong)}"
        )
    if sparsity is not None and not 0 < sparsity < 1:
        raise ValueError(
            "`sparsity` must be in (0, 1): a fraction, never a percent."
            f" Received: sparsity={sparsity}"
        )
    if (sparsity is None and rounds is None) or (rounds is not None and rounds < 1):
        raise ValueError(
            "`rounds` must be at least 1, or `sparsity` given: how far is pruning to go?"
            f" Received: rounds={rounds}, sparsity={sparsity}"
        )
