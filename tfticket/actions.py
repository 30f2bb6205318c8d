"""What kept weights become after pruning: rewound, kept, drawn anew, reshuffled.

An action is pure: `(weights, masks, rewind_points) -> weights`. It also says where the training
state — optimizer slots, normalisation statistics, learning-rate schedule — goes back to.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import ClassVar

import numpy as np

from tfticket.initializers import Draw
from tfticket.masks import Masks
from tfticket.seeds import generator

__all__ = [
    "ACTIONS",
    "Action",
    "FineTune",
    "Reinitialize",
    "ReinitializeFromKept",
    "Reshuffle",
    "Rewind",
    "RewindLearningRate",
    "RewindPoints",
    "get",
]

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


class Action(abc.ABC):
    """What becomes of the weights between two rounds.

    Attributes:
        name: the action's name in configurations.
        rewind_step: the step to which the training state goes back — 0, k, `"500it"`, `"2ep"` —
            or `None` where training goes on from its end.
    """

    name: ClassVar[str]
    rewind_step: Step | None = 0

    @abc.abstractmethod
    def __call__(self, weights: Arrays, masks: Masks, rewind_points: RewindPoints) -> dict:
        """Returns the weights to start from; pruned ones are not yet set to 0.

        Args:
            weights: all variables at the end of training, by path.
            masks: the masks after this round.
            rewind_points: what to go back to; steps are integers here.

        Returns:
            `{path: array}` for every path of `weights`; new arrays, never aliases.
        """

    def config(self) -> dict[str, object]:
        """Returns the name and settings, from which `get` makes the action again."""
        return {"name": self.name, **asdict(self)}  # type: ignore[call-overload]


@dataclass(frozen=True)
class Rewind(Action):
    """Kept weights return to their values at `step`, with the whole training state.

    Args:
        step: number of optimizer steps, or `"500it"`, `"2ep"`; 0 is the initialisation.

    References:
        Frankle & Carbin 2019, https://arxiv.org/abs/1803.03635;
        Frankle et al. 2020 (step > 0), https://arxiv.org/abs/1912.05671
    """

    name = "rewind"
    step: Step = 0

    @property
    def rewind_step(self) -> Step:  # type: ignore[override]
        """The step the weights go back to is the one the training state goes back to."""
        return self.step

    def __call__(self, weights: Arrays, masks: Masks, rewind_points: RewindPoints) -> dict:
        point = rewind_points.at(int(self.step))
        return {p: np.array(point[p]) for p in weights}


@dataclass(frozen=True)
class RewindLearningRate(Action):
    """Weights stay as trained; optimizer state and learning-rate schedule go back to `step`.

    References:
        Renda et al. 2020, https://arxiv.org/abs/2003.02389
    """

    name = "rewind_learning_rate"
    step: Step = 0

    @property
    def rewind_step(self) -> Step:  # type: ignore[override]
        """The step from which the learning-rate schedule replays."""
        return self.step

    def __call__(self, weights: Arrays, masks: Masks, rewind_points: RewindPoints) -> dict:
        return {p: np.array(w) for p, w in weights.items()}


@dataclass(frozen=True)
class FineTune(Action):
    """Weights stay as trained and training goes on from its end, at the final learning rate.

    References:
        Han et al. 2015, https://arxiv.org/abs/1506.02626
    """

    name = "fine_tune"
    rewind_step = None

    def __call__(self, weights: Arrays, masks: Masks, rewind_points: RewindPoints) -> dict:
        return {p: np.array(w) for p, w in weights.items()}


@dataclass(frozen=True)
class Reinitialize(Action):
    """Kept weights are drawn anew from their layer's initialiser; the rest returns to step 0.

    The control of the lottery-ticket paper: same mask, another initialisation.

    Args:
        seed: seed of the draw.

    References:
        Frankle & Carbin 2019, section 2, https://arxiv.org/abs/1803.03635
    """

    name = "reinitialize"
    seed: int = 0

    def __call__(self, weights: Arrays, masks: Masks, rewind_points: RewindPoints) -> dict:
        unknown = [p for p in masks if p not in rewind_points.draws]
        if unknown:
            raise ValueError(
                "`masks` must be over weights whose layer has an initialiser."
                f" Received: {unknown} without one"
            )
        fresh = {p: rewind_points.draws[p](self.seed) for p in masks}
        return _over_initialisation(rewind_points, fresh)


@dataclass(frozen=True)
class ReinitializeFromKept(Action):
    """Each kept weight is drawn, with replacement, from its layer's *kept* initial values.

    The distribution D_m of the lottery-ticket paper: does the ticket's advantage come from the
    values it starts from, or only from their distribution?

    Args:
        seed: seed of the draw.

    References:
        Frankle & Carbin 2019, appendix F.3, https://arxiv.org/abs/1803.03635
    """

    name = "reinitialize_from_kept"
    seed: int = 0

    def __call__(self, weights: Arrays, masks: Masks, rewind_points: RewindPoints) -> dict:
        def draw(path: str, kept: np.ndarray) -> np.ndarray:
            return generator(self.seed, "kept", path).choice(kept, kept.size)

        return _over_initialisation(rewind_points, _among_kept(masks, rewind_points, draw))


@dataclass(frozen=True)
class Reshuffle(Action):
    """Kept initial values change places within their layer.

    Args:
        seed: seed of the permutation.

    References:
        Zhou et al. 2019, section 3, https://arxiv.org/abs/1905.01067
    """

    name = "reshuffle"
    seed: int = 0

    def __call__(self, weights: Arrays, masks: Masks, rewind_points: RewindPoints) -> dict:
        def shuffle(path: str, kept: np.ndarray) -> np.ndarray:
            return generator(self.seed, "reshuffle", path).permutation(kept)

        return _over_initialisation(rewind_points, _among_kept(masks, rewind_points, shuffle))


def _among_kept(masks: Masks, rewind_points: RewindPoints, change) -> dict[str, np.ndarray]:
    """Replaces the kept initial values of every weight by `change(path, kept values)`."""
    initial, changed = rewind_points.at(0), {}
    for path, mask in masks.items():
        changed[path] = np.array(initial[path])
        changed[path][mask] = change(path, initial[path][mask])
    return changed


def _over_initialisation(rewind_points: RewindPoints, changed: Arrays) -> dict[str, np.ndarray]:
    return {
        p: changed[p].astype(w.dtype) if p in changed else np.array(w)
        for p, w in rewind_points.at(0).items()
    }


#: Every action by its name.
ACTIONS: dict[str, type[Action]] = {
    a.name: a
    for a in (Rewind, RewindLearningRate, FineTune, Reinitialize, ReinitializeFromKept, Reshuffle)
}


def get(action: str | Mapping | Action) -> Action:
    """Returns an action by name, by configuration, or the object itself.

    >>> get("rewind")
    Rewind(step=0)

    Raises:
        ValueError: if there is no action of that name.
    """
    if isinstance(action, Action):
        return action
    config = {"name": action} if isinstance(action, str) else dict(action)
    name = config.pop("name", None)
    if name not in ACTIONS:
        raise ValueError(f"`action` must be one of {sorted(ACTIONS)}. Received: action={action!r}")
    return ACTIONS[name](**config)
