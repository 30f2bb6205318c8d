"""Dynamic weight rescaling: what is left of a layer makes up for what is gone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tfticket.actions.base import Action, Arrays, RewindPoints, Step
from tfticket.actions.rewind import FineTune, Rewind, RewindLearningRate
from tfticket.masks import Masks

__all__ = ["Rescale"]


@dataclass(frozen=True)
class Rescale(Action):
    """Multiplies each layer's masked weights by `size / number kept`, after another action.

    The factor is always taken from the unscaled weights, so it does not compound over rounds;
    that is why actions that go on from trained weights are refused.

    Args:
        action: what becomes of the weights before; one that starts from a rewind point.

    Raises:
        ValueError: if the action keeps trained weights.

    References:
        Zhou et al. 2019, section 5.1, https://arxiv.org/abs/1905.01067
    """

    name = "rescale"
    action: Action = field(default_factory=Rewind)

    def __post_init__(self) -> None:
        if isinstance(self.action, (FineTune, RewindLearningRate, Rescale)):
            raise ValueError(
                "`action` must start from a rewind point: trained weights carry the factors of"
                f" earlier rounds already. Received: action={self.action}"
            )

    @property
    def rewind_step(self) -> Step | None:  # type: ignore[override]
        """The step of the action it comes after."""
        return self.action.rewind_step

    def __call__(self, weights: Arrays, masks: Masks, rewind_points: RewindPoints) -> dict:
        start = self.action(weights, masks, rewind_points)
        for path, mask in masks.items():
            factor = mask.size / max(1, int(np.count_nonzero(mask)))
            start[path] = (start[path] * factor).astype(start[path].dtype)
        return start

    def at_step(self, step: int) -> Rescale:
        return Rescale(self.action.at_step(step))

    def config(self) -> dict[str, Any]:
        return {"name": self.name, "action": self.action.config()}
