"""Maskers: how trainable scores become a mask; by object, name or configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfticket.registry import by_name, look_up
from tfticket.supermasks.maskers.base import Masker
from tfticket.supermasks.maskers.bernoulli import Bernoulli
from tfticket.supermasks.maskers.continuous_sparsification import ContinuousSparsification
from tfticket.supermasks.maskers.ranked import EdgePopup, Signed
from tfticket.supermasks.maskers.soft_threshold import SoftThreshold

__all__ = [
    "MASKERS",
    "Bernoulli",
    "ContinuousSparsification",
    "EdgePopup",
    "Masker",
    "Signed",
    "SoftThreshold",
    "get",
]

#: Every masker by name.
MASKERS: dict[str, type[Masker]] = by_name(
    (Bernoulli, ContinuousSparsification, EdgePopup, Signed, SoftThreshold)
)


def get(masker: str | Mapping[str, Any] | Masker) -> Masker:
    """Returns a masker by name or configuration, or the object itself.

    >>> get({"name": "edge_popup", "density": 0.25})
    EdgePopup(density=0.25, scope='layer')

    Args:
        masker: one of `MASKERS`, a mapping `{"name": …, setting: value}`, or a `Masker`; what is
            neither is refused as by `tfticket.scores.get`.
    """
    return look_up(masker, MASKERS, "masker", Masker)
