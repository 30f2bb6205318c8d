"""Pruning a trained network without training it: what such recipes share."""

from __future__ import annotations

import dataclasses
import warnings
from typing import TYPE_CHECKING, Any, ClassVar

from tfticket.recipes import fields
from tfticket.recipes.base import WeightRecipe
from tfticket.settings import Count

if TYPE_CHECKING:
    from tfticket.lottery import Level
    from tfticket.recipes.run.context import Run
    from tfticket.tickets import Ticket

__all__ = ["PostTraining"]

#: Where a control says for how many steps its weights were trained.
_STEPS = "trained_steps"


class PostTraining(WeightRecipe):
    """Level 0 is trained; level 1 is pruned as it stands, layer by layer, and trained no more.

    Attributes:
        method: of `tfticket.post_training.METHODS`.
    """

    method: ClassVar[str]
    usual_controls: ClassVar[tuple[str, ...]] = ()
    trains_levels: ClassVar[bool] = False

    sparsity: fields.Sparsity = 0.5
    calibration_examples: Count = 1_000
    """How many training examples the layers' inputs are seen of; the first ones."""
    layers_at_once: Count = 1
    """How many layers are calibrated in one pass over the examples, each with what the pruned ones
    before the pass give."""

    def check(self, run: Run) -> None:
        """See `Recipe`; the inputs of every weight that may be masked must be seen."""
        from tfticket import weights
        from tfticket.share import warn_of_share
        from tfticket.tracing.products import products

        super().check(run)
        warn_of_share(run.model, self.filter)
        _, others = products(run.model, weights.read(run.model, self.filter))
        if others:
            raise ValueError(
                "`exclude` must name the weights whose inputs cannot be seen: there is nothing to"
                f" calibrate {others} with."
            )

    def start(self, run: Run) -> Level:
        """See `Recipe`; the trained network is among the states, for controls are drawn from it."""
        level = super().start(run)
        end = int(level.log["end_step"])
        return dataclasses.replace(level, states={**level.states, end: level.trained})

    def settings(self) -> dict[str, Any]:
        """Returns what the method is told besides what all are."""
        return {}

    def treat(self, run: Run, level: Level) -> Level:
        """Prunes the trained network, and measures it."""
        from tfticket.post_training import prune_after_training
        from tfticket.recipes._untrained import measured
        from tfticket.rewinding import restore
        from tfticket.share import PrunableShareWarning
        from tfticket.zoo.evidence import first_inputs

        restore(run.model, level.trained)
        inputs = first_inputs(run.data.train, self.calibration_examples)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PrunableShareWarning)  # `check` has said it
            ticket = prune_after_training(
                run.model,
                _in_batches(inputs, run.training.batch_size),
                self.method,
                sparsity=self.sparsity,
                granularity=self.granularity,
                prunable=self.filter,
                layers_at_once=self.layers_at_once,
                **self.settings(),
            )
        ticket = dataclasses.replace(ticket, provenance=run.provenance(1, **ticket.provenance))
        made = measured(run, ticket)
        steps = level.log.get("trained_steps", level.log.get("end_step", 0))
        log = {**made.log, "trained_steps": steps}  # of the network that was pruned
        return dataclasses.replace(made, states=level.states, log=log)

    def initial_ticket(self, level: Level) -> Ticket:
        """Returns a level's masks over the trained network: what is pruned without training."""
        trained = level.states[max(level.states)]
        steps = level.log.get("trained_steps", 0)
        return dataclasses.replace(
            level.ticket,
            weights=trained.weights,
            optimizer={},
            step=0,
            provenance={**level.ticket.provenance, _STEPS: steps},
        )

    def try_ticket(self, run: Run, ticket: Ticket) -> Level:
        """Measures a control as it is."""
        from tfticket.controls import draws_anew
        from tfticket.recipes._untrained import measured

        made, given = measured(run, ticket), ticket.provenance
        if draws_anew(given.get("control", "")):
            return made
        return dataclasses.replace(made, log={**made.log, "trained_steps": given[_STEPS]})


def _in_batches(inputs: Any, batch_size: int) -> list[Any]:
    """Divides inputs of any structure into batches, of which the last may be smaller."""
    import tensorflow as tf

    count = len(tf.nest.flatten(inputs)[0])
    starts = range(0, count, batch_size)
    return [tf.nest.map_structure(lambda a, i=i: a[i : i + batch_size], inputs) for i in starts]
