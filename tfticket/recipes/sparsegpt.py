"""SparseGPT: pruning a trained network, the kept weights making up for the pruned ones."""

from __future__ import annotations

from typing import Any, ClassVar

from tfticket.recipes._post_training import PostTraining
from tfticket.recipes.base import Paper
from tfticket.settings import Count, NonNegative

__all__ = ["SparseGPT"]


class SparseGPT(PostTraining):
    """Train, then prune input by input, kept weights making up for it; train no more."""

    paper: ClassVar[Paper] = Paper("Frantar & Alistarh 2023", "https://arxiv.org/abs/2301.00774")
    method: ClassVar[str] = "sparsegpt"

    block_size: Count = 128
    """How many inputs of a layer are ranked together."""
    damping: NonNegative = 0.01
    """What is added to the diagonal of a layer's Gram matrix, as a fraction of its mean."""

    def settings(self) -> dict[str, Any]:
        """See `PostTraining`."""
        return {"block_size": self.block_size, "damping": self.damping}
