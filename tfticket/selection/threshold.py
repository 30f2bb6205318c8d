"""Masks by a threshold that the weights themselves set; the sparsity follows."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from tfticket.masks import Masks, check_same_paths

__all__ = ["threshold_masks"]


def threshold_masks(
    weights: Mapping[str, np.ndarray], alpha: float, masks: Masks | None = None
) -> Masks:
    """Keeps the weights with `|w| > mean(|w|) + α·std(w)`, all of them taken together.

    A rule of its own and not a score with a sparsity: how many stay depends on the distribution.
    For weights of a normal distribution α = 1 keeps 7.2 %, α = 2 keeps 0.5 %.

    >>> threshold_masks({"kernel": np.array([[0.1, -0.1, 3.0]])}, 1.0)["kernel"].tolist()
    [[False, False, True]]

    Args:
        weights: arrays by path.
        alpha: how many standard deviations above the mean magnitude the threshold lies.
        masks: the present masks; only what they keep counts and may be kept. `None` keeps all.

    Returns:
        Masks of the same paths and shapes.

    Raises:
        ValueError: if a weight is not finite.
        MismatchError: if weights and masks differ in paths or shapes.
    """
    if masks is not None:
        masks = Masks(masks)
        check_same_paths(weights, masks)
    kept = [w.ravel() if masks is None else w[masks[p]] for p, w in weights.items()]
    count = max(1, sum(w.size for w in kept))
    magnitude = sum(float(np.abs(w).sum(dtype=np.float64)) for w in kept) / count
    mean = sum(float(w.sum(dtype=np.float64)) for w in kept) / count
    variance = sum(float(np.square(w - mean, dtype=np.float64).sum()) for w in kept) / count
    threshold = magnitude + alpha * math.sqrt(variance)
    if not math.isfinite(threshold):
        raise ValueError(f"`weights` must be finite. Received: a threshold of {threshold}")
    above = {p: np.abs(w) > threshold for p, w in weights.items()}
    return Masks(above if masks is None else {p: a & masks[p] for p, a in above.items()})
