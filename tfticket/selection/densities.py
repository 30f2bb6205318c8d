"""Scopes that give every layer its own density, with an exact number of survivors in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfticket.selection.scope import Group, Scope, Shapes, num_kept, size, size_of
from tfticket.weights import matching

__all__ = ["ERK", "SmartRatio", "Uniform", "apportion"]


def apportion(
    total: int, shares: Sequence[float], capacities: Sequence[int], minimum: int = 0
) -> list[int]:
    """Divides a number of survivors in proportion to shares, none above its capacity.

    Whatever a full member cannot take goes to the others. Remainders are rounded as in Webster's
    method of apportionment, ties by position: unlike the largest-remainder rule, a smaller total
    then gives nobody more, so masks that only shrink can follow it exactly from round to round.

    >>> apportion(7, [1, 1, 8], [10, 10, 4])
    [2, 1, 4]

    Args:
        total: how many survivors there are.
        shares: positive numbers.
        capacities: the largest number each member can take.
        minimum: how many each member gets at least, even if the total does not suffice.

    Returns:
        One count per member.
    """
    share, most = np.asarray(shares, np.float64), np.asarray(capacities, np.int64)
    least = np.minimum(minimum, most)

    def counts(scale: float) -> np.ndarray:
        return np.clip(np.floor(scale * share + 0.5).astype(np.int64), least, most)

    if total >= most.sum():
        return most.tolist()
    low, high = 0.0, float((most / share).max()) + 1
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if counts(middle).sum() <= total else (low, middle)
    given, full = counts(low), counts(high)
    for member in np.flatnonzero(full > given)[: max(0, total - int(given.sum()))]:
        given[member] += 1  # these reach their next half at the same scale
    return given.tolist()


@dataclass(frozen=True)
class Uniform(Scope):
    """Every weight has the same density, and their total is exact.

    Unlike `"layer"`, remainders are divided among the weights. Papers that call it uniform often
    leave the first convolution dense (Evci et al., Gale et al.); that is said here by name, for in
    a dense network the first layer holds most of the weights.

    Args:
        dense: pattern of the weights that stay dense, such as `"^conv_1/"`; the others then
            become sparser, so that the total is as asked for.

    References:
        Evci et al. 2020, section 3, https://arxiv.org/abs/1911.11134;
        Gale et al. 2019, https://arxiv.org/abs/1902.09574
    """

    name = "uniform"
    dense: str | None = None

    def groups(self, shapes: Shapes, sparsity: float, minimum: int = 0) -> list[Group]:
        dense = matching(self.dense, shapes, "dense") if self.dense is not None else set()
        rest = {p: s for p, s in shapes.items() if p not in dense}
        total = num_kept(size_of(shapes), sparsity)
        spare = total - size_of({p: shapes[p] for p in dense})
        if spare < minimum * len(rest):
            raise ValueError(
                "`dense` must leave something for the other weights: those that match have"
                f" {total - spare} weights, and {total} are to be kept."
                f" Received: dense={self.dense!r}, sparsity={sparsity}"
            )
        sizes = [size(s) for s in rest.values()]
        counts = dict(zip(rest, apportion(spare, sizes, sizes, minimum), strict=True))
        return [Group((p,), counts.get(p, size(s))) for p, s in shapes.items()]


@dataclass(frozen=True)
class ERK(Scope):
    """Erdős–Rényi-kernel: `density ∝ (sum of the kernel's dimensions / their product)^power`.

    Weights that would exceed density 1 become dense, and the rest is solved for again.

    Args:
        power: positive; smaller values lead towards the uniform distribution.

    References:
        Evci et al. 2020, section 3 and appendix, https://arxiv.org/abs/1911.11134
    """

    name = "erk"
    power: float = 1.0

    def __post_init__(self) -> None:
        if not self.power > 0:
            raise ValueError(f"`power` must be positive. Received: power={self.power}")

    def groups(self, shapes: Shapes, sparsity: float, minimum: int = 0) -> list[Group]:
        sizes = [size(s) for s in shapes.values()]
        shares = [
            n * (sum(s) / n) ** self.power for n, s in zip(sizes, shapes.values(), strict=True)
        ]
        counts = apportion(num_kept(sum(sizes), sparsity), shares, sizes, minimum)
        return [Group((p,), k) for p, k in zip(shapes, counts, strict=True)]


@dataclass(frozen=True)
class SmartRatio(Scope):
    """`density_l ∝ (L - l + 1)² + (L - l + 1)` for the l-th of L weights, the last one fixed.

    Weights that would exceed density 1 become dense, and the rest is solved for again; where even
    that is too little, the last weight takes what is left. With random scores these are the
    paper's random tickets, with magnitudes its hybrid tickets.

    Args:
        last_density: density of the last weight, the classifier, in (0, 1].
        steeper: divides the densities by l², as the authors do for every net but ResNets.

    References:
        Su et al. 2020, "Sanity-Checking Pruning Methods", section 4,
        https://arxiv.org/abs/2009.11094;
        https://github.com/JingtongSu/sanity-checking-pruning (`pruner/SmartRatio.py`)
    """

    name = "smart_ratio"
    last_density: float = 0.3
    steeper: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.last_density <= 1:
            raise ValueError(
                "`last_density` must be in (0, 1]: it is the fraction of the last weight kept."
                f" Received: last_density={self.last_density}"
            )

    def groups(self, shapes: Shapes, sparsity: float, minimum: int = 0) -> list[Group]:
        *sizes, last_size = [size(s) for s in shapes.values()]
        total = num_kept(sum(sizes) + last_size, sparsity)
        last = max(round(self.last_density * last_size), minimum, total - sum(sizes))
        if total - last < minimum * len(sizes):
            raise ValueError(
                "`last_density` must leave something for the other weights: the last one keeps"
                f" {last} of {total}. Received: last_density={self.last_density},"
                f" sparsity={sparsity}"
            )
        shares = [self._ratio(i, len(shapes)) * n for i, n in enumerate(sizes, 1)]
        counts = [*apportion(total - last, shares, sizes, minimum), last] if sizes else [total]
        return [Group((p,), k) for p, k in zip(shapes, counts, strict=True)]

    def _ratio(self, position: int, num_layers: int) -> float:
        left = num_layers - position + 1
        return (left**2 + left) / (position**2 if self.steeper else 1)
