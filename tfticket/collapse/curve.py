"""What each compression leaves of each layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["CollapseCurve", "rows"]


@dataclass(frozen=True)
class CollapseCurve:
    """What each compression leaves of each weight.

    Args:
        score: name of the score.
        rounds: in how many rounds each compression was reached.
        num_weights: number of prunable weights by path.
        compression_ratios: the compressions tried, rising.
        kept: for each of them, the number of kept weights by path.
        connected: for each of them, whether anything flows from inputs to outputs; empty if that
            was not asked. A network with residual connections may lose a layer and stay connected.
    """

    score: str
    rounds: int
    num_weights: Mapping[str, int]
    compression_ratios: tuple[float, ...]
    kept: tuple[Mapping[str, int], ...]
    connected: tuple[bool, ...] = ()

    @property
    def maximal_compression(self) -> float:
        """The compression that leaves one weight of each layer; none is possible beyond."""
        return sum(self.num_weights.values()) / len(self.num_weights)

    @property
    def first_collapse(self) -> float | None:
        """The smallest compression tried at which something is emptied; `None` if none does it."""
        return next((c for c, k in self._pairs() if not all(k.values())), None)

    @property
    def critical_compression(self) -> float | None:
        """The largest compression tried below the first collapse; `None` if all collapse."""
        first = self.first_collapse
        reached = [c for c in self.compression_ratios if first is None or c < first]
        return reached[-1] if reached else None

    @property
    def first_disconnection(self) -> float | None:
        """The smallest compression tried at which nothing reaches the outputs; `None` if none."""
        pairs = zip(self.compression_ratios, self.connected, strict=False)
        return next((ratio for ratio, is_connected in pairs if not is_connected), None)

    @property
    def collapsed_layers(self) -> list[str]:
        """Paths that are emptied at the first collapse."""
        first = self.first_collapse
        return [p for c, k in self._pairs() if c == first for p, num in k.items() if num == 0]

    def table(self) -> list[dict[str, Any]]:
        """Returns one row per compression and path: how much is kept of it."""
        return [
            {
                "score": self.score,
                "rounds": self.rounds,
                "compression_ratio": ratio,
                "path": path,
                "num_weights": self.num_weights[path],
                "num_kept": num_kept,
            }
            for ratio, kept in self._pairs()
            for path, num_kept in kept.items()
        ]

    def _pairs(self) -> list[tuple[float, Mapping[str, int]]]:
        return list(zip(self.compression_ratios, self.kept, strict=True))


def rows(curves: Iterable[CollapseCurve]) -> list[dict[str, Any]]:
    """Returns one plain row per curve: when the first layer was emptied, and which."""
    return [
        {
            "score": c.score,
            "rounds": c.rounds,
            "critical_compression": c.critical_compression,
            "first_collapse": c.first_collapse,
            "first_disconnection": c.first_disconnection,
            "maximal_compression": c.maximal_compression,
            "collapsed_layers": c.collapsed_layers,
        }
        for c in curves
    ]
