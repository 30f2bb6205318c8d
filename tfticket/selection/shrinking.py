"""What a schedule takes from masks at each of its updates, found from where the last one ended.

Between two updates weights and target move little. So the value below which the last update looked
mostly serves the next ones too: one pass over the weights makes their scores piece by piece, counts
and collects what is below it, and the lowest of these go. Where the value misses, because it is
used up or weights have jumped, a sample guesses another; and what is too much at once, collapses a
layer or is not finite is left to the full selection, of which this is the very result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tfticket.masks import Masks
from tfticket.selection.budgets import Sparsity, budget
from tfticket.selection.lowest import is_few, lowest_places, sampled_bound
from tfticket.selection.scope import Group

__all__ = ["Shrinking"]

_LASTS = 16  # a new bound is made to serve about so many updates
_RANKED_AS_THEY_ARE = (np.float32, np.float64)
_PART = 128  # but not to collect more than one weight in so many at the first of them
_NOWHERE = np.empty(0, np.intp)
_SPARE = 2  # fewer left below it than so many times what the last update took: guess anew


class Shrinking:
    """Finds what masks lose from update to update, ranked weight by weight within a scope.

    >>> masks, kernel = Masks({"kernel": np.ones(256, bool)}), np.arange(1.0, 257.0)
    >>> shrinking = Shrinking(np.abs, "layer")
    >>> dropped = shrinking.dropped({"kernel": kernel}, masks, 2 / 256)
    >>> {path: places.tolist() for path, places in dropped.items()}
    {'kernel': [0, 1]}

    Args:
        of_weights: the scores of any weights by themselves, larger = keep.
        scope: where scores are ranked; as for `select`.
    """

    def __init__(self, of_weights: Callable[[np.ndarray], Any], scope: Any):
        self._of_weights, self._scope = of_weights, scope
        self._bounds: dict[tuple[str, ...], np.floating] = {}

    def dropped(
        self, weights: Mapping[str, np.ndarray], masks: Masks, sparsity: Sparsity
    ) -> dict[str, np.ndarray] | None:
        """Finds what has to go for a sparsity to be reached.

        Args:
            weights: present values by path.
            masks: the present masks, of the same paths and shapes.
            sparsity: cumulative fraction to mask, as for `select`.

        Returns:
            Places by path, in row-major order; `None` where the full selection has to look.
        """
        shapes, places = {p: m.shape for p, m in masks.items()}, {}
        num_kept = masks.kept_per_path()
        for group in budget(shapes, sparsity, self._scope):
            surplus = max(0, sum(num_kept[p] for p in group.paths) - group.num_kept)
            found = self._dropped(group, surplus, weights, masks)
            if found is None:
                return None
            places |= found
        if any(at.size and at.size == num_kept[p] for p, at in places.items()):
            return None  # a collapse, which has to be reported
        return places

    def _dropped(
        self, group: Group, count: int, weights: Mapping[str, np.ndarray], masks: Masks
    ) -> dict[str, np.ndarray] | None:
        if group.sparsity is not None:
            return None  # each output is ranked by itself
        if not count:
            return dict.fromkeys(group.paths, _NOWHERE)
        some = [weights[p] for p in group.paths]
        if not is_few(count, some) or any(w.dtype not in _RANKED_AS_THEY_ARE for w in some):
            return None
        candidates = [masks[p] for p in group.paths]
        bound = self._bounds.pop(group.paths, None)
        found = None
        if bound is not None:
            found = lowest_places(some, candidates, count, bound, self._of_weights)
        if found is None:
            enough = max(2 * count, min(_LASTS * max(1, count), sum(w.size for w in some) // _PART))
            bound = sampled_bound(some, candidates, enough, self._of_weights)
            found = lowest_places(some, candidates, count, bound, self._of_weights)
        if found is None or bound is None:
            return None
        if found.num_left >= _SPARE * count:
            self._bounds[group.paths] = bound
        return dict(zip(group.paths, found.places, strict=True))
