"""Actions that take weights as they are, or were at an earlier step."""

from __future__ import annotations

from dataclasses import dataclass

from tfticket.actions.base import Action, Arrays, RewindPoints, Step
from tfticket.constant import constant
from tfticket.masks import Masks

__all__ = ["FineTune", "Rewind", "RewindLearningRate"]


@dataclass(frozen=True)
class _BackToStep(Action):
    step: Step = 0

    @property
    def rewind_step(self) -> Step:  # type: ignore[override]
        """The step the training state goes back to, from which schedules replay."""
        return self.step


@dataclass(frozen=True)
class Rewind(_BackToStep):
    """Kept weights return to their values at `step`, with the whole training state.

    Args:
        step: number of optimizer steps, or `"500it"`, `"2ep"`; 0 is the initialisation.

    References:
        Frankle & Carbin 2019, https://arxiv.org/abs/1803.03635;
        Frankle et al. 2020 (step > 0), https://arxiv.org/abs/1912.05671
    """

    name = "rewind"

    def __call__(self, weights: Arrays, masks: Masks, rewind_points: RewindPoints) -> dict:
        point = rewind_points.at(int(self.step))
        return {p: constant(point[p]) for p in weights}


@dataclass(frozen=True)
class RewindLearningRate(_BackToStep):
    """Weights stay as trained; optimizer state and learning-rate schedule go back to `step`.

    Args:
        step: as of `Rewind`.

    References:
        Renda et al. 2020, https://arxiv.org/abs/2003.02389
    """

    name = "rewind_learning_rate"

    def __call__(self, weights: Arrays, masks: Masks, rewind_points: RewindPoints) -> dict:
        return {p: constant(w) for p, w in weights.items()}


@dataclass(frozen=True)
class FineTune(Action):
    """Weights stay as trained and training goes on from its end, at the final learning rate.

    References:
        Han et al. 2015, https://arxiv.org/abs/1506.02626
    """

    name = "fine_tune"
    rewind_step = None

    def __call__(self, weights: Arrays, masks: Masks, rewind_points: RewindPoints) -> dict:
        return {p: constant(w) for p, w in weights.items()}
