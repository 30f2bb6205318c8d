"""N:M sparsity: at most n of every m weights along the inputs are kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfticket.layouts import Layout
from tfticket.selection.granularity import Granularity
from tfticket.selection.units import Units

__all__ = ["NByM"]


@dataclass(frozen=True)
class NByM(Granularity):
    """Keeps the best n of every m consecutive inputs: `NByM(2, 4)` is 2:4, sparsity 0.5.

    The final sparsity is `1 - n / m` and nothing else. On the way there masks may be less sparse:
    the best n of every group are safe, and the others go in the order of their scores.

    Args:
        n: how many of a group are kept.
        m: how many consecutive inputs make a group; every weight's inputs must be divisible by
            it. Leave the others out with `prunable`.

    References:
        Mishra et al. 2021, "Accelerating Sparse Deep Neural Networks",
        https://arxiv.org/abs/2104.08378
    """

    name = "n_by_m"
    n: int
    m: int

    def __post_init__(self) -> None:
        if not (isinstance(self.n, int) and isinstance(self.m, int) and 0 < self.n < self.m):
            raise ValueError(
                "`n` and `m` must be integers with 0 < n < m: n of every m weights are kept."
                f" Received: n={self.n}, m={self.m}"
            )

    @property
    def only_sparsity(self) -> float:
        return 1 - self.n / self.m

    def misfit(self, shape: tuple[int, ...], layout: Layout) -> str | None:
        inputs = layout.split(np.broadcast_to(np.bool_(0), shape)).shape[1]
        return None if inputs % self.m == 0 else f"{inputs} inputs is not divisible by {self.m}"

    def units(self, score: np.ndarray, mask: np.ndarray, layout: Layout) -> Units:
        scores, survivors = layout.split(score), layout.split(mask)
        positions, inputs, outputs = scores.shape
        grouped = (positions, inputs // self.m, self.m, outputs)
        best = self._best(scores.reshape(grouped), survivors.reshape(grouped))
        protected = layout.join(best.reshape(scores.shape), score.shape)
        return Units(score, mask, 1, lambda kept: kept, protected)

    def _best(self, scores: np.ndarray, survivors: np.ndarray) -> np.ndarray:
        """Marks the n best survivors of every group along axis 2; of equals, the first."""
        num_better = np.zeros(scores.shape, np.min_scalar_type(self.m))
        for mine in range(self.m):
            for other in range(self.m):
                beats = np.greater_equal if other < mine else np.greater
                if other != mine:
                    better = beats(scores[:, :, other], scores[:, :, mine])
                    num_better[:, :, mine] += better & survivors[:, :, other]
        return (num_better < self.n) & survivors
