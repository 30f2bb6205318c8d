"""What happens when a selection would leave a layer with nothing."""

from __future__ import annotations

import warnings
from typing import Literal

from tfticket.errors import LayerCollapseError
from tfticket.masks import Masks

__all__ = ["ON_COLLAPSE", "OnCollapse", "check_on_collapse", "report"]

OnCollapse = Literal["warn", "raise", "keep_one", "ignore"]
ON_COLLAPSE = ("warn", "raise", "keep_one", "ignore")


def check_on_collapse(on_collapse: str) -> None:
    """Raises `ValueError` unless `on_collapse` is one of the known ways."""
    if on_collapse not in ON_COLLAPSE:
        raise ValueError(
            f"`on_collapse` must be one of {ON_COLLAPSE}. Received: on_collapse={on_collapse!r}"
        )


def report(before: Masks, after: Masks, on_collapse: str) -> None:
    """Warns or raises if weights that kept something before keep nothing now.

    Args:
        before: masks before the selection.
        after: masks after it.
        on_collapse: one of `ON_COLLAPSE`.

    Raises:
        LayerCollapseError: if something collapsed and `on_collapse` is `"raise"`.
    """
    emptied = [p for p, m in after.items() if not m.any() and before[p].any()]
    if not emptied or on_collapse == "ignore":
        return
    message = (
        f"layer collapse at sparsity {after.sparsity:.6g} (compression"
        f" {after.compression_ratio:.6g}): nothing is kept of {emptied}, so nothing passes there."
        " Prune less, score in more rounds, rank by layer, or keep one weight of each layer with"
        " on_collapse='keep_one', where there is that argument."
    )
    if on_collapse == "raise":
        raise LayerCollapseError(message)
    warnings.warn(message, UserWarning, stacklevel=3)
