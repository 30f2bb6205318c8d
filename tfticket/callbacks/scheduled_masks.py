"""What a schedule makes of masks: whether it is done with them, and whether zeros are its work."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from tfticket.layouts import Layout
from tfticket.masks import Masks
from tfticket.pruning_method import PruningMethod
from tfticket.selection import Unstructured, budget

__all__ = ["are_at", "masks_of_restored"]

Layouts = Mapping[str, Layout]


def are_at(masks: Masks, sparsity: Any, method: PruningMethod, layouts: Layouts) -> bool:
    """Tells whether masks have a sparsity already, as far as whole weights, or units, can.

    Of 594 weights 80 % are 475.2: what counts is that nothing more would be masked.

    Args:
        masks: the present masks.
        sparsity: what is asked for; by pattern where the schedule says so.
        method: where and in which units it is asked for.
        layouts: the axes of each kernel.
    """
    if type(method.granularity) is Unstructured:
        kept, shapes = masks.kept_per_path(), {p: m.shape for p, m in masks.items()}
        groups = budget(shapes, sparsity, method.scope)
        return all(sum(kept[p] for p in g.paths) <= g.num_kept for g in groups)
    equal = {p: np.broadcast_to(np.float32(1), m.shape) for p, m in masks.items()}
    return _quiet(method).select(equal, masks, sparsity, layouts) == masks


def masks_of_restored(
    weights: Mapping[str, np.ndarray],
    masks: Masks,
    sparsity: Any,
    method: PruningMethod,
    layouts: Layouts,
) -> Masks | None:
    """Reads masks off weights that a backup has restored.

    Weights that are trained are practically never exactly 0, so zeros are what was pruned; but
    only if they are as many as the schedule says, in every place where it ranks.

    Args:
        weights: the weights by path.
        masks: the masks that pruning started from.
        sparsity: the scheduled sparsity at the step of the backup.
        method: where and in which units it was asked for.
        layouts: the axes of each kernel.

    Returns:
        The masks; `None` if the weights have no zeros beside those of `masks`, or others than the
        schedule makes, which a warning then says.
    """
    found = Masks({p: (weights[p] != 0) & m for p, m in masks.items()})
    if found == masks:
        return None
    scores = {p: m.astype(np.float32) for p, m in found.items()}
    expected = _quiet(method).select(scores, masks, sparsity, layouts)
    if expected == found:
        return found
    warnings.warn(
        f"the weights have zeros that the schedule does not explain: {found.num_kept} weights are"
        f" not zero, and it would keep {expected.num_kept} by this step. They are not taken for"
        " pruned. To start from them, pass masks=tfticket.masks.from_zeros(model).",
        UserWarning,
        stacklevel=4,
    )
    return None


def _quiet(method: PruningMethod) -> PruningMethod:
    return method if method.on_collapse == "keep_one" else replace(method, on_collapse="ignore")
