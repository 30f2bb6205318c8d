"""select: pools the scores into units, ranks them within each group, keeps the best."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from tfticket.layouts import Layout, layout_of_rank
from tfticket.masks import Masks, check_same_paths
from tfticket.selection.budgets import Sparsity, budget
from tfticket.selection.granularity import Granularity, Unstructured
from tfticket.selection.lookup import get_granularity
from tfticket.selection.n_by_m import NByM
from tfticket.selection.on_collapse import OnCollapse, check_on_collapse, report
from tfticket.selection.outputs import keep_of_each_output
from tfticket.selection.scanning import all_finite
from tfticket.selection.scope import Group, Output, Scope
from tfticket.selection.units import Units, keep_units

__all__ = ["check_units", "misfits", "select"]


def select(
    scores: Mapping[str, np.ndarray],
    masks: Masks,
    sparsity: Sparsity,
    *,
    scope: Any = "global",
    granularity: Any = "weight",
    layouts: Mapping[str, Layout] | None = None,
    on_collapse: OnCollapse = "warn",
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
            pattern of the weight path, or per tuple of patterns that are ranked together.
        scope: where scores are ranked: one of `SCOPES`, a `Scope`, or a list of what is ranked
            together, such as `[("conv_1", "conv_2"), ".*"]`.
        granularity: the unit that is masked together, as in `GRANULARITIES`, `"4x1"` or `"2:4"`.
        layouts: axes of inputs and outputs, as `layouts(model, paths)` finds them; the last two
            where it does not say, as in Dense and Conv kernels.
        on_collapse: when a weight would keep nothing, `"warn"`, `"raise"`, `"ignore"` it, or
            `"keep_one"`: its best unit stays, at the expense of others in the same scope.

    Returns:
        New masks with the scope's number of survivors, or the nearest possible in whole units.

    Raises:
        ValueError: if a score is not finite, or an argument is out of range.
        MismatchError: if scores and masks differ in paths or shapes.
        LayerCollapseError: if a weight would keep nothing and `on_collapse` is `"raise"`.
    """
    check_on_collapse(on_collapse)
    check_same_paths(scores, masks := Masks(masks))
    keep_one, shapes = on_collapse == "keep_one", {p: m.shape for p, m in masks.items()}
    unit, axes = get_granularity(granularity), layouts or {}
    fitting = _fitting(unit, shapes, axes)
    kept: dict[str, np.ndarray] = {}
    for group in budget(shapes, sparsity, scope, minimum=int(keep_one)):
        if group.sparsity is not None and _is_single(unit):
            kept |= _of_each_output(group, scores, masks, axes, keep_one=keep_one)
            continue
        units = [fitting[p](_as_floats(p, scores[p]), masks[p]) for p in group.paths]
        kept |= _of_a_group(group, units, keep_one=keep_one)
    report(masks, selected := _masks(kept, masks), on_collapse)
    return selected


def check_units(scope: Scope, granularity: Granularity) -> None:
    """Raises `ValueError` if a scope does not rank the units of a granularity.

    Args:
        scope: any.
        granularity: any.
    """
    if isinstance(scope, Output):
        _is_single(granularity)


def _is_single(granularity: Granularity) -> bool:
    """Tells whether units are single weights; n:m has a sparsity within each output of its own."""
    if isinstance(granularity, NByM):
        return False
    if isinstance(granularity, Unstructured):
        return True
    raise ValueError(
        "`granularity` must be 'weight' or n:m where the inputs of each output are ranked by"
        f" themselves. Received: granularity={granularity}, scope='output'"
    )


def _of_each_output(
    group: Group,
    scores: Mapping[str, Any],
    masks: Masks,
    layouts: Mapping[str, Layout],
    *,
    keep_one: bool,
) -> dict[str, np.ndarray]:
    """Keeps the best inputs of each output; with `keep_one`, of every weight at least the best."""
    assert group.sparsity is not None
    kept = {}
    for path in group.paths:
        layout = layouts.get(path) or layout_of_rank(masks[path].ndim)
        score = _as_floats(path, scores[path])
        kept[path] = keep_of_each_output(score, masks[path], layout, group.sparsity)
        if keep_one and masks[path].any() and not kept[path].any():
            best = np.argmax(np.where(masks[path], score, -np.inf))
            kept[path].reshape(-1)[best] = True
    return kept


def _of_a_group(group: Group, units: Sequence[Units], *, keep_one: bool) -> dict[str, np.ndarray]:
    chosen = _chosen(group, units, keep_one=keep_one)
    return {p: u.spread(c) for p, u, c in zip(group.paths, units, chosen, strict=True)}


def _chosen(group: Group, units: Sequence[Units], *, keep_one: bool) -> list[np.ndarray]:
    """Keeps the best units of a group; with `keep_one`, of every weight at least the best."""
    least = sum(u.num_protected for u in units)
    if least > group.num_kept:
        raise ValueError(
            f"`sparsity` must leave at least the {least} weights that the granularity keeps of"
            f" {list(group.paths)}; the scope leaves {group.num_kept}."
        )
    chosen = keep_units(units, group.num_kept)
    if keep_one and any(
        u.candidates.any() and not c.any() for u, c in zip(units, chosen, strict=True)
    ):
        # A weight that is not emptied holds its best unit already: nothing changes for it.
        chosen = keep_units([u.with_best_protected() for u in units], group.num_kept)
    return chosen


def misfits(
    granularity: Any, shapes: Mapping[str, tuple[int, ...]], layouts: Mapping[str, Layout]
) -> dict[str, str]:
    """Returns the weights that a granularity cannot divide and leaves unstructured, with reasons.

    Args:
        granularity: a name or a `Granularity`.
        shapes: of the weights by path.
        layouts: the axes of each kernel, as `layouts(model, paths)` finds them.

    Raises:
        ValueError: naming them, where the granularity is to fit every weight.
    """
    granularity, found = get_granularity(granularity), {}
    for path, shape in shapes.items():
        reason = granularity.misfit(shape, layouts.get(path) or layout_of_rank(len(shape)))
        if reason is not None:
            found[path] = reason
    if found and getattr(granularity, "on_misfit", "raise") == "raise":
        raise ValueError(
            f"`granularity` must fit every weight: {found}. Leave these out with `prunable`."
            f" Received: granularity={granularity}"
        )
    return found


def _fitting(
    granularity: Granularity, shapes: Mapping[str, tuple[int, ...]], layouts: Mapping[str, Layout]
) -> dict[str, Callable[[np.ndarray, np.ndarray], Units]]:
    """Finds what divides each weight, given its scores and mask, into units."""
    unfit = misfits(granularity, shapes, layouts)
    if unfit:
        warnings.warn(f"these weights stay unstructured: {unfit}", UserWarning, stacklevel=3)
    return {
        path: partial(
            (Unstructured() if path in unfit else granularity).units,
            layout=layouts.get(path) or layout_of_rank(len(shape)),
        )
        for path, shape in shapes.items()
    }


def _as_floats(path: str, score: np.ndarray) -> np.ndarray:
    score = np.asarray(score)
    if score.dtype not in (np.float32, np.float64):
        score = score.astype(np.float64 if score.dtype.kind in "iu" else np.float32)
    if not all_finite(score):
        raise ValueError(f"`scores` must be finite. Received: {path!r} with NaN or infinity")
    return score


def _masks(kept: Mapping[str, np.ndarray], before: Masks) -> Masks:
    for array in kept.values():
        array.setflags(write=False)  # so that nothing has to be copied
    return Masks({p: kept[p] for p in before})
