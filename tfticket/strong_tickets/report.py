"""How close a pruned random network came to its target, layer by layer."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from tfticket.tables import aligned

__all__ = ["ApproximatedLayer", "ApproximationReport"]


@dataclass(frozen=True)
class ApproximatedLayer:
    """One layer of the target.

    Args:
        path: of the layer.
        num_target_weights: its weights and biases.
        num_weights: random weights for it.
        num_kept: those that are not pruned.
        largest: magnitude of its largest weight or bias.
        mean_error: mean distance of a sum from the weight it stands for.
        max_error: largest of these distances.
    """

    path: str
    num_target_weights: int
    num_weights: int
    num_kept: int
    largest: float
    mean_error: float
    max_error: float


@dataclass(frozen=True)
class ApproximationReport:
    """What `approximate` did.

    Args:
        candidates: random neurons for each weight.
        layers: the layers of the target.
    """

    candidates: int
    layers: tuple[ApproximatedLayer, ...]

    @property
    def mean_error(self) -> float:
        """Mean distance of a sum from the weight it stands for, over all layers."""
        total = sum(row.num_target_weights for row in self.layers)
        return sum(row.num_target_weights * row.mean_error for row in self.layers) / total

    @property
    def num_weights(self) -> int:
        """Random weights of the whole network."""
        return sum(row.num_weights for row in self.layers)

    @property
    def num_kept(self) -> int:
        """Those that are not pruned."""
        return sum(row.num_kept for row in self.layers)

    @property
    def max_error(self) -> float:
        """Largest of these distances."""
        return max(row.max_error for row in self.layers)

    def to_dict(self) -> dict[str, Any]:
        """Returns the report as plain JSON values, with the totals."""
        names = ("num_weights", "num_kept", "mean_error", "max_error")
        totals = {name: getattr(self, name) for name in names}
        rows = [asdict(row) for row in self.layers]
        return {"candidates": self.candidates, "layers": rows, **totals}

    def __str__(self) -> str:
        header = ["layer", "weights", "random", "kept", "largest", "mean error", "max error"]
        rows = [
            [
                *(row.path, f"{row.num_target_weights:,}", f"{row.num_weights:,}"),
                *(f"{row.num_kept:,}", f"{row.largest:.3g}"),
                *(f"{row.mean_error:.2e}", f"{row.max_error:.2e}"),
            ]
            for row in self.layers
        ]
        target = sum(row.num_target_weights for row in self.layers)
        whole = [f"{target:,}", f"{self.num_weights:,}", f"{self.num_kept:,}", ""]
        rows.append(["all", *whole, f"{self.mean_error:.2e}", f"{self.max_error:.2e}"])
        return f"{aligned(header, rows)}\n{self.candidates} candidates for each weight"
