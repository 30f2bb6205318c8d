"""Mask-0 actions: the values at which pruned weights are held."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfticket.actions.base import Arrays, PrunedAction, RewindPoints
from tfticket.masks import Masks

__all__ = ["FreezeAtInit", "Zero", "ZeroIfTowardZero"]

Held = dict[str, np.ndarray]


@dataclass(frozen=True)
class Zero(PrunedAction):
    """Pruned weights are 0, as everywhere unless stated."""

    name = "zero"

    def __call__(self, weights: Arrays, masks: Masks, rewind_points: RewindPoints) -> Held:
        return {}


@dataclass(frozen=True)
class FreezeAtInit(PrunedAction):
    """Pruned weights are held at their initial values: not trained, and not gone either.

    References:
        Zhou et al. 2019, section 4, https://arxiv.org/abs/1905.01067
    """

    name = "freeze_at_init"

    def __call__(self, weights: Arrays, masks: Masks, rewind_points: RewindPoints) -> Held:
        initial = rewind_points.at(0)
        return {p: np.where(m, initial[p].dtype.type(0), initial[p]) for p, m in masks.items()}


@dataclass(frozen=True)
class ZeroIfTowardZero(PrunedAction):
    """Pruned weights are 0 where training moved them toward 0, else held at their initial values.

    Toward 0 means `|w_f| < |w_i|`. A weight pruned in an earlier round stays as it was decided
    then: it did not move since.

    References:
        Zhou et al. 2019, section 4, https://arxiv.org/abs/1905.01067
    """

    name = "zero_if_toward_zero"

    def __call__(self, weights: Arrays, masks: Masks, rewind_points: RewindPoints) -> Held:
        initial, held = rewind_points.at(0), {}
        for path, mask in masks.items():
            toward = np.abs(weights[path]) < np.abs(initial[path])
            held[path] = np.where(mask | toward, initial[path].dtype.type(0), initial[path])
        return held
