"""What is done to a network before its file is written."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DENSE", "Treatment"]


@dataclass(frozen=True)
class Treatment:
    """How much of a network is taken away.

    >>> Treatment(channels=0.5, sparsity=0.9).name
    'channels_bytes-0.5+weights-0.9'

    Args:
        channels: fraction of the cost that removed channels take with them, in [0, 1).
        sparsity: fraction of the prunable weights that are left after that, to be masked, in
            [0, 1).
        cost: of which it is a fraction: `"bytes"` or `"latency"`.
        granularity: what is masked together: `"weight"`, or a block such as `"4x1"`, which
            kernels of the runtime skip.
    """

    channels: float = 0.0
    sparsity: float = 0.0
    cost: str = "bytes"
    granularity: str = "weight"

    @property
    def is_dense(self) -> bool:
        """Whether nothing is taken away."""
        return not (self.channels or self.sparsity)

    @property
    def name(self) -> str:
        """What files and reports call it."""
        masked = "weights" if self.granularity == "weight" else f"blocks_{self.granularity}"
        parts = [f"channels_{self.cost}-{self.channels:.4g}"] if self.channels else []
        parts += [f"{masked}-{self.sparsity:g}"] if self.sparsity else []
        return "+".join(parts) or "dense"

    def __str__(self) -> str:
        what = "weights" if self.granularity == "weight" else f"{self.granularity} blocks"
        parts = [f"channels -{100 * self.channels:.3g}% of {self.cost}"] if self.channels else []
        parts += [f"{what} -{100 * self.sparsity:g}%"] if self.sparsity else []
        return ", ".join(parts) or "whole network"


#: The network as it came.
DENSE = Treatment()
