"""What an action is: between two rounds, what becomes of kept and of pruned weights."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from tfticket.constant import constant
from tfticket.initializers import Draw
from tfticket.masks import Masks

__all__ = ["Action", "Arrays", "PrunedAction", "RewindPoints", "Step"]

Arrays = Mapping[str, np.ndarray]
Step = int | str


@dataclass(frozen=True)
class RewindPoints:
    """What an action may go back to.

    Args:
        weights: `{step: {path: array}}`, every variable of the model; step 0 always.
        draws: how to draw each weight anew, by path.
    """

    weights: Mapping[int, Arrays]
    draws: Mapping[str, Draw] = field(default_factory=dict)

    def at(self, step: int) -> Arrays:
        """Returns the weights at a step, or raises `ValueError` naming the recorded ones."""
        if step not in self.weights:
            raise ValueError(
                f"`step` must be one of the recorded rewind points {sorted(self.weights)}."
                f" Received: step={step}"
            )
        return self.weights[step]

    def initial_with(self, changed: Arrays) -> dict[str, np.ndarray]:
        """Returns the initialisation with some weights changed.

        Args:
            changed: other values by path; cast to the weight's own type.
        """
        return {
            p: changed[p].astype(w.dtype) if p in changed else constant(w)
            for p, w in self.at(0).items()
        }


class Action(abc.ABC):
    """What becomes of the weights between two rounds (mask-1 action).

    Attributes:
        name: the action's name in configurations.
        rewind_step: the step to which the training state goes back — 0, k, `"500it"`, `"2ep"` —
            or `None` where training goes on from its end.
    """

    name: ClassVar[str]
    rewind_step: Step | None = 0

    @abc.abstractmethod
    def __call__(self, weights: Arrays, masks: Masks, rewind_points: RewindPoints) -> dict:
        """Returns the weights to start from; pruned ones are not yet set to their values.

        Args:
            weights: all variables at the end of training, by path.
            masks: the masks after this round.
            rewind_points: what to go back to; steps are integers here.

        Returns:
            `{path: array}` for every path of `weights`; new arrays, never aliases.
        """

    def at_step(self, step: int) -> Action:
        """Returns the same action, going back to a step given as a number of updates."""
        if not hasattr(self, "step"):
            return self
        return replace(self, step=step)  # type: ignore[type-var,call-arg]

    def config(self) -> dict[str, Any]:
        """Returns the name and settings, from which `get` makes the action again."""
        return {"name": self.name, **asdict(self)}  # type: ignore[call-overload]


class PrunedAction(abc.ABC):
    """At which values pruned weights are held from now on (mask-0 action).

    Attributes:
        name: the action's name in configurations.
    """

    name: ClassVar[str]

    @abc.abstractmethod
    def __call__(
        self, weights: Arrays, masks: Masks, rewind_points: RewindPoints
    ) -> dict[str, np.ndarray]:
        """Returns what pruned weights are held at.

        Args:
            weights: all variables at the end of training, by path; what was pruned earlier is at
                the value it was held at.
            masks: the masks after this round.
            rewind_points: step 0 is the initialisation.

        Returns:
            `{path: array}` over the paths of `masks`, 0 where a weight is kept; empty if all
            pruned weights are 0.
        """

    def config(self) -> dict[str, Any]:
        """Returns the name, from which `get_pruned` makes the action again."""
        return {"name": self.name, **asdict(self)}  # type: ignore[call-overload]
