"""Of which rank each kernel is to be: by a number, a scale, its energy, or a budget."""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["REASON_NO_RANK", "REASON_SIZE", "Kernel", "Size", "ranks"]

#: Why a kernel is left whole. These strings are part of the interface.
REASON_NO_RANK = "`rank` does not name it"
REASON_SIZE = "its factors of rank {rank} would have {found:,} {what}, not fewer than its {dense:,}"


@dataclass(frozen=True, eq=False)
class Kernel:
    """A kernel that can be factorised.

    Args:
        values: its singular values, the largest first, `[full rank]`.
        dense: parameters or FLOPs of the whole kernel.
        per_rank: parameters or FLOPs of its factors for each rank.
    """

    values: np.ndarray
    dense: int
    per_rank: int

    @property
    def max_rank(self) -> int:
        """The largest rank whose factors are smaller than the kernel; it may be 0."""
        return min((self.dense - 1) // self.per_rank, len(self.values))

    @property
    def energy(self) -> np.ndarray:
        """The share of its squared norm that its largest singular values hold, `[full rank]`."""
        squares = np.cumsum(self.values**2)
        return squares / squares[-1] if squares[-1] else np.ones_like(squares)


@dataclass(frozen=True)
class Size:
    """How large a factorised model is to be; exactly one is given.

    Args:
        rank: of every kernel, or a mapping from layer paths.
        rank_scale: the rank as a share of the smaller side of the unfolded kernel, in (0, 1].
        energy: the least share of the squared norm of each kernel that its rank must hold, in
            (0, 1].
        parameters: the most parameters of the whole model: a share of what it has, or a count.
        flops: the most FLOPs of one example, likewise.

    Raises:
        ValueError: if none or several are given, or one is out of range.
    """

    rank: int | Mapping[str, int] | None = None
    rank_scale: float | None = None
    energy: float | None = None
    parameters: float | int | None = None
    flops: float | int | None = None

    def __post_init__(self) -> None:
        given = self._given()
        if len(given) != 1:
            names = ", ".join(f"`{f.name}`" for f in dataclasses.fields(self))
            raise ValueError(f"exactly one of {names} must be given. Received: {given}")
        ((name, value),) = given.items()
        if not _is_right(name, value):
            raise ValueError(f"`{name}` must be {_MEANING[name]}. Received: {name}={value!r}")

    @property
    def what(self) -> str:
        """What is counted: `"parameters"` or `"FLOPs"`."""
        return "parameters" if self.flops is None else "FLOPs"

    def _given(self) -> dict[str, Any]:
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return {name: value for name, value in values.items() if value is not None}


_MEANING = {
    "rank": "a whole number, at least 1, or a mapping from layer paths to such numbers",
    "rank_scale": "in (0, 1]",
    "energy": "in (0, 1]",
    "parameters": "a share in (0, 1) of the model's parameters, or their number",
    "flops": "a share in (0, 1) of the model's FLOPs, or their number",
}


def ranks(size: Size, kernels: Mapping[str, Kernel], total: int) -> tuple[dict[str, int], dict]:
    """Chooses the rank of each kernel.

    Within a budget the ranks are those of one energy for all: starting from rank 1, the kernel that
    holds the smallest share of its squared norm is next to get one more, and a kernel for which
    there is no room any more is passed over. So there is no room left for one more of any kernel.

    Args:
        size: how large the model is to be.
        kernels: by layer path.
        total: parameters or FLOPs of the whole model as it is.

    Returns:
        `(ranks, reasons)`: the rank by layer path, and why the other kernels stay whole.

    Raises:
        ValueError: if the budget is too small for rank 1 everywhere, or as large as the model; if
            `rank` names a layer that is not among the kernels.
    """
    given = size.parameters if size.flops is None else size.flops
    if given is not None:
        return _within(given, kernels, total, size.what)
    wanted = _wanted(size, kernels)
    kept = {p: r for p, r in wanted.items() if r <= kernels[p].max_rank}
    left = {p: _reason(kernels[p], r, size.what) for p, r in wanted.items() if p not in kept}
    return kept, {**left, **{p: REASON_NO_RANK for p in kernels if p not in wanted}}


def _wanted(size: Size, kernels: Mapping[str, Kernel]) -> dict[str, int]:
    if isinstance(size.rank, Mapping):
        unknown = [p for p in size.rank if p not in kernels]
        if unknown:
            raise ValueError(
                f"`rank` must name layers that can be factorised, {list(kernels)}. Received also:"
                f" {unknown}"
            )
        return {p: int(rank) for p, rank in size.rank.items()}
    if size.rank is not None:
        return dict.fromkeys(kernels, int(size.rank))
    if size.rank_scale is not None:
        scale = size.rank_scale
        return {p: max(1, round(scale * len(k.values))) for p, k in kernels.items()}
    assert size.energy is not None
    # Cumulated sums end within rounding of 1, which an energy of 1 must find.
    least = size.energy * (1 - 1e-12)
    return {p: int(np.searchsorted(k.energy, least)) + 1 for p, k in kernels.items()}


def _within(
    given: float | int, kernels: Mapping[str, Kernel], total: int, what: str
) -> tuple[dict[str, int], dict[str, str]]:
    usable = {p: k for p, k in kernels.items() if k.max_rank}
    limit = int(given if isinstance(given, numbers.Integral) else given * total)
    name = what.lower()
    if limit >= total:
        raise ValueError(
            f"`{name}` must be less than the model has, {total:,}. Received: {name}={given!r}"
        )
    found = dict.fromkeys(usable, 1)
    left = limit - total + sum(k.dense - k.per_rank for k in usable.values())
    if left < 0:
        raise ValueError(
            f"`{name}` must be at least {limit - left:,}, which are left at rank 1 of all layers"
            f" that can be factorised, out of {total:,}: a share of"
            f" {math.ceil(1_000 * (limit - left) / total) / 1_000:g}."
            f" Received: {name}={given!r}, {limit:,}"
        )
    steps = [
        (share, order, path)
        for order, (path, kernel) in enumerate(usable.items())
        for share in kernel.energy[: kernel.max_rank - 1]
    ]
    full: set[str] = set()
    for _, _, path in sorted(steps):
        if usable[path].per_rank > left:
            full.add(path)
        elif path not in full:
            found[path] += 1
            left -= usable[path].per_rank
    return found, {p: _reason(k, 1, what) for p, k in kernels.items() if p not in usable}


def _reason(kernel: Kernel, rank: int, what: str) -> str:
    found = rank * kernel.per_rank
    return REASON_SIZE.format(rank=rank, found=found, what=what, dense=kernel.dense)


def _is_right(name: str, value: Any) -> bool:
    if isinstance(value, Mapping):
        return name == "rank" and bool(value) and all(_is_count(v) for v in value.values())
    if name == "rank" or (name in ("parameters", "flops") and isinstance(value, numbers.Integral)):
        return _is_count(value)
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        return False
    value = float(value)
    return 0 < value < 1 or (value == 1 and name in ("rank_scale", "energy"))


def _is_count(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool) and int(value) >= 1
