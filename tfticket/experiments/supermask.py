"""Training a mask over weights that stay as they were drawn, beside training the weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tfticket import _keras, supermasks
from tfticket.callbacks import SupermaskLog
from tfticket.experiments.dense import dense_level
from tfticket.experiments.training import Evaluate, Train, Training
from tfticket.lottery import Level
from tfticket.rewinding import TrainingState, capture, restore
from tfticket.scores import Evidence
from tfticket.supermasks import Masker
from tfticket.tickets import Ticket
from tfticket.weights import FilterLike, write

__all__ = ["Supermask"]


@dataclass(frozen=True)
class Supermask:
    """Level 0 trains the weights; level 1 starts from the same weights and trains only a mask.

    The initial weights of both are drawn by `initializer`. Scores are trained by SGD with momentum
    0.9, a learning rate that falls to 0 as a cosine, and an L2 penalty. Controls are measured as
    they are, like the mask: nothing of them is trained.

    Args:
        masker: makes the mask of the scores.
        initializer: draws the weights: a name out of `supermasks.initializers`, or one of them;
            `None` keeps the model's own.
        learning_rate: of the scores, at the start.
        weight_decay: of the scores.
        num_steps: of one training; filled in by `in_steps`.
    """

    masker: Masker
    initializer: Any = "signed_kaiming_constant"
    learning_rate: float = 0.1
    weight_decay: float = 1e-4
    num_steps: int = 0

    def in_steps(self, training: Training, num_examples: int) -> Supermask:
        """Returns the same for a training of so many steps."""
        return dataclasses.replace(self, num_steps=training.num_steps)

    def moments(self) -> tuple[int, ...]:
        """Returns nothing: nothing happens inside a training."""
        return ()

    def num_rounds(self, model: Any, prunable: FilterLike = None) -> int:
        """Returns 1: there is the dense level, and the mask."""
        return 1

    def levels(
        self,
        model: Any,
        train: Train,
        *,
        evaluate: Evaluate,
        prunable: FilterLike = None,
        seed: int = 0,
        resume: Level | None = None,
        evidence: Evidence | None = None,
    ) -> Iterator[Level]:
        """Yields the levels after `resume`, each when it has been trained."""
        level = resume
        if level is None:
            level = self._dense(model, train, evaluate, seed)
            yield level
        if level.round == 0:
            yield self._masked(model, train, evaluate, level, seed)

    def try_ticket(self, model: Any, train: Train, ticket: Ticket, *, evaluate: Evaluate) -> Level:
        """Measures a ticket as it is.

        Args:
            model: of the ticket's architecture, whatever its weights.
            train: not used.
            ticket: with the weights under its mask.
            evaluate: returns the metrics.
        """
        del train
        restore(model, TrainingState(ticket.start_weights, {}, step=0))
        metrics, log = dict(evaluate(model)), {"start_step": 0, "end_step": 0}
        return Level(int(ticket.provenance.get("round", 0)), ticket, capture(model), metrics, log)

    def _dense(self, model: Any, train: Train, evaluate: Evaluate, seed: int) -> Level:
        """Draws the weights and trains them."""
        _, ticket = supermasks.to_plain(self._converted(model, seed))
        write(model, {p: ticket.weights[p] for p in ticket.masks})
        told = {"round": 0, "seed": seed}
        return dense_level(model, train, ticket.masks, evaluate=evaluate, provenance=told)

    def _masked(
        self, model: Any, train: Train, evaluate: Evaluate, dense: Level, seed: int
    ) -> Level:
        """Trains the scores, and measures the masked network as a plain one."""
        restore(model, dense.states[0])
        made = self._compiled(self._converted(model, seed), model)
        followed = SupermaskLog()
        log = train(made, [followed])
        _, ticket = supermasks.to_plain(made)
        provenance = {**ticket.provenance, "round": 1, "seed": seed}
        ticket = dataclasses.replace(ticket, provenance=provenance)
        level = self.try_ticket(model, train, ticket, evaluate=evaluate)
        log = {**log, "density": followed.density, "mask_change": followed.mask_change}
        return dataclasses.replace(level, log=log, states=dense.states)

    def _converted(self, model: Any, seed: int) -> Any:
        penalty = _keras.module(model).regularizers.L2(self.weight_decay / 2)
        return supermasks.convert(
            model,
            masker=self.masker,
            initializer=self.initializer,
            scores_regularizer=penalty if self.weight_decay else None,
            seed=seed,
        )

    def _compiled(self, made: Any, model: Any) -> Any:
        optimizers = _keras.module(model).optimizers
        rate = optimizers.schedules.CosineDecay(self.learning_rate, self.num_steps)
        made.compile(
            optimizers.SGD(rate, momentum=0.9),
            model.loss,
            steps_per_execution=_keras.steps_per_execution(model),
            jit_compile=bool(getattr(model, "jit_compile", False)),
        )
        return made
