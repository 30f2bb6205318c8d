"""What a factorisation saved, layer by layer, and what it left whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tfticket.slimming.report import Cost
from tfticket.tables import aligned

__all__ = ["FactorizationReport", "FactorizedLayer"]


@dataclass(frozen=True)
class FactorizedLayer:
    """One factorised layer.

    Args:
        path: of the layer.
        rank: of its factors' product.
        full_rank: the smaller side of the unfolded kernel.
        parameters_before: of the kernel.
        parameters_after: of both factors.
        flops_before: of one example.
        flops_after: of one example.
        error: Frobenius norm of what the kernel lost, as a share of its own; `None` for factors
            that were not made of it.
    """

    path: str
    rank: int
    full_rank: int
    parameters_before: int
    parameters_after: int
    flops_before: int
    flops_after: int
    error: float | None


@dataclass(frozen=True)
class FactorizationReport:
    """What `factorize` did.

    Args:
        before: cost of the model as it was.
        after: cost of the factorised one.
        layers: the factorised layers.
        skipped: why a layer with a kernel was left whole, by its path.
    """

    before: Cost
    after: Cost
    layers: tuple[FactorizedLayer, ...]
    skipped: Mapping[str, str] = field(default_factory=dict)

    @property
    def ranks(self) -> dict[str, int]:
        """The rank by layer path."""
        return {row.path: row.rank for row in self.layers}

    def to_dict(self) -> dict[str, Any]:
        """Returns the report as plain JSON values, with the totals."""
        costs = {
            name: {**asdict(cost), "num_flops": cost.num_flops}
            for name, cost in (("before", self.before), ("after", self.after))
        }
        rows = [asdict(row) for row in self.layers]
        return {**costs, "layers": rows, "skipped": dict(self.skipped)}

    def __str__(self) -> str:
        header = ["layer", "rank", "of", "parameters", "factorised", "FLOPs", "factorised", "error"]
        rows = [
            [row.path, *(f"{n:,}" for n in _numbers(row)), _shown(row.error)] for row in self.layers
        ]
        whole = [
            f"{self.before.num_parameters:,}",
            f"{self.after.num_parameters:,}",
            f"{self.before.num_flops:,}",
            f"{self.after.num_flops:,}",
        ]
        rows.append(["whole model", "", "", *whole, ""])
        left = [f"left whole: {path}: {reason}" for path, reason in self.skipped.items()]
        return "\n".join([aligned(header, rows), *left])


def _numbers(row: FactorizedLayer) -> tuple[int, ...]:
    counts = (row.parameters_before, row.parameters_after, row.flops_before, row.flops_after)
    return (row.rank, row.full_rank, *counts)


def _shown(error: float | None) -> str:
    return "–" if error is None else f"{error:.4f}"
