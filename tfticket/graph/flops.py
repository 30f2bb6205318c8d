"""FLOPs by one convention: two per multiply-add of a kernel, or of two activations in attention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfticket import weights
from tfticket.graph.following import follow
from tfticket.masks import Masks

__all__ = ["Flops", "flops"]


@dataclass(frozen=True)
class Flops:
    """FLOPs of one example, by layer.

    Args:
        dense: by the layer's path, whatever is masked.
        effective: the same without masked weights.
        uncounted: layers with weights whose work is not known.
    """

    dense: Mapping[str, int]
    effective: Mapping[str, int]
    uncounted: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """Dense FLOPs of the whole model."""
        return sum(self.dense.values())

    @property
    def effective_total(self) -> int:
        """Effective FLOPs of the whole model."""
        return sum(self.effective.values())


def flops(model: Any, masks: Mapping[str, np.ndarray] | None = None) -> Flops:
    """Counts the FLOPs of one example going through a model.

    Two for each multiply-add of a kernel: `2 · weights · positions`, where positions are those of
    the output (of the input for transposed convolutions), zero padding included. Attention adds
    the products of queries with keys and of their weights with values. Biases, activations,
    normalisations and pooling are not counted. An axis of unknown length counts as 1: the numbers
    are then per step or per position.

    Args:
        model: a built functional or Sequential model of either Keras.
        masks: the kept weights by path, for the effective FLOPs.

    Returns:
        A `Flops`.

    Raises:
        ValueError: if the model is subclassed or not built.
    """
    variables, masks = weights.variables(model), Masks(masks) if masks else {}
    record = follow(model)
    dense: dict[str, int] = {}
    effective: dict[str, int] = {}
    for work in record.work:
        all_, kept = 1, 1
        if work.path:
            all_ = kept = int(np.prod(tuple(variables[work.path].shape)))
        if work.path in masks:
            kept = int(np.count_nonzero(masks[work.path]))
        dense[work.layer] = dense.get(work.layer, 0) + 2 * all_ * work.count
        effective[work.layer] = effective.get(work.layer, 0) + 2 * kept * work.count
    counted = {w.path for w in record.work}
    kernels = [p for p, v in variables.items() if "kernel" in p.rpartition("/")[2]]
    missing = dict.fromkeys(p.rpartition("/")[0] for p in kernels if p not in counted)
    return Flops(dense, effective, tuple(missing))
