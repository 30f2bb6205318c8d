"""Training a mask over weights that stay as they were drawn: what such recipes share."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from tfticket.recipes import fields
from tfticket.recipes.base import Recipe

if TYPE_CHECKING:
    from tfticket.lottery import Level
    from tfticket.recipes.run.context import Run
    from tfticket.supermasks import Masker
    from tfticket.tickets import Ticket

__all__ = ["TrainedMask"]


class TrainedMask(Recipe):
    """Level 0 trains the weights; level 1 starts from the same weights and trains only a mask.

    The initial weights of both are drawn by `initializer`. Scores are trained by SGD with momentum
    0.9, a learning rate that falls to 0 as a cosine, and an L2 penalty. Controls are measured as
    they are, like the mask: nothing of them is trained.
    """

    initializer: fields.Initializer = "signed_kaiming_constant"
    scores_learning_rate: fields.ScoresLearningRate
    scores_weight_decay: fields.ScoresWeightDecay

    def masker(self) -> Masker:
        """Returns what makes the mask of the scores."""
        raise NotImplementedError

    def start(self, run: Run) -> Level:
        """Draws the weights and trains them.

        Args:
            run: with its model at the initialisation.
        """
        from tfticket import supermasks
        from tfticket.weights import write

        _, ticket = supermasks.to_plain(self._converted(run))
        write(run.model, {p: ticket.weights[p] for p in ticket.masks})
        return run.dense(ticket.masks)

    def treat(self, run: Run, level: Level) -> Level:
        """Trains the scores, and measures the masked network as a plain one."""
        from tfticket import supermasks
        from tfticket.callbacks import SupermaskLog
        from tfticket.rewinding import restore

        restore(run.model, level.states[0])
        made, followed = self._compiled(self._converted(run), run), SupermaskLog()
        log = run.train(made, [followed])
        _, ticket = supermasks.to_plain(made)
        ticket = dataclasses.replace(ticket, provenance=run.provenance(1, **ticket.provenance))
        tried = self.try_ticket(run, ticket)
        log = {**log, "density": followed.density, "mask_change": followed.mask_change}
        return dataclasses.replace(tried, log=log, states=level.states)

    def is_trained(self, round_: int, *, is_control: bool = False) -> bool:
        """See `Recipe`: controls are not."""
        del round_
        return not is_control

    def try_ticket(self, run: Run, ticket: Ticket) -> Level:
        """Measures a ticket as it is.

        Args:
            run: whatever its model holds.
            ticket: with the weights under its masks.
        """
        from tfticket.recipes._untrained import measured

        return measured(run, ticket)

    def _converted(self, run: Run) -> Any:
        from tfticket import supermasks

        penalty = run.keras.regularizers.L2(self.scores_weight_decay / 2)
        return supermasks.convert(
            run.model,
            masker=self.masker(),
            initializer=self.initializer,
            scores_regularizer=penalty if self.scores_weight_decay else None,
            seed=run.seed,
        )

    def _compiled(self, made: Any, run: Run) -> Any:
        from tfticket import _keras

        optimizers = run.keras.optimizers
        rate = optimizers.schedules.CosineDecay(self.scores_learning_rate, run.training.num_steps)
        made.compile(
            optimizers.SGD(rate, momentum=0.9),
            run.model.loss,
            steps_per_execution=_keras.steps_per_execution(run.model),
            jit_compile=bool(getattr(run.model, "jit_compile", False)),
        )
        return made
