"""Which weights survive: scores and a sparsity in, masks out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tfticket.masks import Masks, check_same_paths
from tfticket.selection.scope import SCOPES, Group, Sparsity, budget
from tfticket.selection.top import keep_top

__all__ = ["SCOPES", "Group", "budget", "keep_top", "select"]

GRANULARITIES = ("weight",)


def select(
    scores: Mapping[str, np.ndarray],
    masks: Masks,
    sparsity: Sparsity,
    *,
    scope: str = "global",
    granularity: str = "weight",
) -> Masks:
    """Masks out the lowest scores until the given sparsity is reached exactly.

    Only survivors of `masks` compete, so a masked weight never comes back; where more is masked
    already than asked for, the mask stays as it is. Equal scores are kept by position.

    >>> scores = {"kernel": np.array([[0.3, 0.1], [0.2, 0.4]])}
    >>> masks = Masks({"kernel": np.ones((2, 2), bool)})
    >>> select(scores, masks, 0.5)["kernel"].tolist()
    [[True, False], [False, True]]

    Args:
        scores: floats by weight path, larger = keep, of the masks' shapes.
        masks: the present masks.
        sparsity: cumulative fraction of all prunable weights to mask, in [0, 1); or one per
            pattern of the weight path.
        scope: the set within which scores are ranked, `"global"` or `"layer"`.
        granularity: the unit that is masked together, `"weight"`.

    Returns:
        New masks with `round((1 - sparsity) * n)` survivors in every group of the scope.

    Raises:
        ValueError: if a score is not finite or an argument is out of range.
        MismatchError: if scores and masks differ in paths or shapes.
    """
    if granularity not in GRANULARITIES:
        raise ValueError(
            f"`granularity` must be one of {GRANULARITIES}. Received: granularity={granularity!r}"
        )
    check_same_paths(scores, masks)
    floats = {p: _as_floats(p, scores[p]) for p in masks}
    kept: dict[str, np.ndarray] = {}
    for group in budget({p: m.size for p, m in masks.items()}, sparsity, scope):
        arrays = _one_dtype([floats[p] for p in group.paths])
        chosen = keep_top(arrays, [masks[p] for p in group.paths], group.num_kept)
        kept.update(zip(group.paths, chosen, strict=True))
    return Masks({p: kept[p] for p in masks})


def _as_floats(path: str, score: np.ndarray) -> np.ndarray:
    score = np.asarray(score)
    if score.dtype not in (np.float32, np.float64):
        score = score.astype(np.float64 if score.dtype.kind in "iu" else np.float32)
    if not np.isfinite(score).all():
        raise ValueError(f"`scores` must be finite. Received: {path!r} with NaN or infinity")
    return score


def _one_dtype(arrays: list[np.ndarray]) -> list[np.ndarray]:
    dtype = np.result_type(*arrays)
    return [a.astype(dtype, copy=False) for a in arrays]
