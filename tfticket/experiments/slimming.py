"""Channels that training itself chooses: by a penalty on their scales, at its end or early."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from tfticket import slimming
from tfticket.callbacks import StopAtEarlyBird
from tfticket.experiments.channel_pruning import ChannelPruning
from tfticket.experiments.methods import in_steps
from tfticket.experiments.training import Train, Training
from tfticket.lottery import Level
from tfticket.masks import Masks
from tfticket.rewinding import restore
from tfticket.scores import Evidence
from tfticket.slimming import Shrunk

__all__ = ["EarlyBirdTicket", "Slimming"]


@dataclass(frozen=True)
class Slimming(ChannelPruning):
    """Trains with a penalty on normalisation scales, removes the smallest, fine-tunes.

    Args:
        channel_sparsity: fraction of the channels that may go to remove, in (0, 1).
        score: `"scale"`.
        scope: where channels are ranked.
        limits: of the channels of a group.
        fine_tune_steps: of the smaller network; `None` means as many as of the dense one.
        training: filled in by `in_steps`.
        strength: of the penalty; 0 is none.
        initial_scale: what scales start from; `None` leaves them as they are.
    """

    score: Any = "scale"
    scope: Any = "global"
    strength: float = 1e-4
    initial_scale: float | None = 0.5

    def _found(
        self, model: Any, train: Train, dense: Level, evidence: Evidence
    ) -> tuple[Masks, dict[str, Any]]:
        log = self._searched(model, train, dense, [])
        return self._masks(model, evidence), log

    def _searched(
        self, model: Any, train: Train, dense: Level, callbacks: list[Any]
    ) -> dict[str, Any]:
        """Trains from the initial weights with the penalty."""
        restore(model, dense.states[0])
        penalized = contextlib.nullcontext()
        if self.strength:
            penalized = slimming.penalize_scales(
                model, self.strength, initial_scale=self.initial_scale
            )
        with penalized:
            log = train(model, callbacks)
        return {"search": log, "training_flops": self._spent(model, log)}


@dataclass(frozen=True)
class EarlyBirdTicket(Slimming):
    """Trains until the channels that would go have settled, removes them, and trains on.

    Args:
        channel_sparsity: fraction of the channels that may go to remove, in (0, 1).
        score: `"scale"`.
        scope: where channels are ranked.
        limits: of the channels of a group.
        fine_tune_steps: not used: training ends where that of the dense network does.
        training: filled in by `in_steps`.
        strength: of the penalty; 0 is none.
        initial_scale: what scales start from; `None` leaves them as they are.
        every: how often to look at the mask; `None` means forty times in the training.
        epsilon: largest distance between masks.
        queue_length: number of masks compared.
    """

    every: int | str | None = None
    epsilon: float = 0.1
    queue_length: int = 5

    def in_steps(self, training: Training, num_examples: int) -> EarlyBirdTicket:
        """Returns the same with every moment as a step of that training.

        Raises:
            ValueError: if training may stop where there is no validation.
        """
        usual = math.lcm(max(1, training.num_steps // 40), training.eval_every or 1)
        wanted = usual if self.every is None else self.every
        every = in_steps(wanted, training, num_examples, "every")
        if training.eval_every and every % training.eval_every:
            raise ValueError(
                "`every` must be a multiple of `eval_every`: training may stop then, and goes on"
                f" from there. Received: every={every}, eval_every={training.eval_every}"
            )
        return dataclasses.replace(self, every=every, fine_tune_steps=0, training=training)

    def moments(self) -> tuple[int, ...]:
        """Returns how many steps there are between looks."""
        return (int(self.every or 0),)

    def _found(
        self, model: Any, train: Train, dense: Level, evidence: Evidence
    ) -> tuple[Masks, dict[str, Any]]:
        early = StopAtEarlyBird(
            self.channel_sparsity,
            epsilon=self.epsilon,
            queue_length=self.queue_length,
            every=int(self.every or 1),
            score=self.score,
            scope=self.scope,
            limits=self.limits,
        )
        log = self._searched(model, train, dense, [early])
        looks = [dataclasses.asdict(o) for o in early.early_bird.observations]
        return early.masks, log | {"found_at": early.found_at, "looks": looks}

    def _until(self, small: Shrunk) -> int:
        return self.training.num_steps
