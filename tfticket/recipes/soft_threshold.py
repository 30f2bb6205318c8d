"""Soft threshold reparameterisation: each layer's threshold is trained with its weights."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from tfticket.recipes import fields
from tfticket.recipes._trained_sparsity import TrainedSparsity
from tfticket.recipes.base import Paper

if TYPE_CHECKING:
    from tfticket.lottery import Level
    from tfticket.recipes.run.context import Run
    from tfticket.supermasks import Masker

__all__ = ["SoftThreshold"]


class SoftThreshold(TrainedSparsity):
    """Train one threshold for each layer together with its weights; the dense network beside it.

    Soft threshold reparameterisation. How many weights each layer keeps is found, not asked for:
    more with a lower initial score, fewer with more weight decay of the scores. A level holds the
    weights as the thresholds leave them; controls are trained under masks with the same counts.
    """

    paper: ClassVar[Paper] = Paper("Kusupati et al. 2020", "https://arxiv.org/abs/2002.03231")

    initial_score: fields.InitialScore = -5.0
    """Score of every layer at the start; its sigmoid is the threshold, which weight decay raises.
    Published are -3200 to -12800 for 100 epochs of ImageNet."""
    scores_weight_decay: fields.ScoresWeightDecay = 1e-4

    def masker(self) -> Masker:
        """See `TrainedSparsity`."""
        from tfticket import supermasks

        return supermasks.SoftThreshold(initial_score=self.initial_score)

    def treat(self, run: Run, level: Level) -> Level:
        """Trains weights and thresholds, and measures the network without its small weights."""
        from tfticket import supermasks, weights
        from tfticket.callbacks import SupermaskLog
        from tfticket.levels import Level
        from tfticket.rewinding import TrainingState, restore

        restore(run.model, level.states[0])
        decay = self.scores_weight_decay
        penalty = run.keras.regularizers.L2(decay / 2) if decay else None
        made, followed = self._compiled(self._converted(run, penalty), run), SupermaskLog()
        log = run.train(made, [followed])
        plain, found = supermasks.to_plain(made)
        held = weights.read_all(plain)
        weights.write(run.model, held)
        log = {**log, "density": followed.density, "mask_change": followed.mask_change}
        ticket = dataclasses.replace(
            found,
            weights=level.states[0].weights,
            provenance=run.provenance(1, **found.provenance),
        )
        state = TrainingState(held, step=log["end_step"])
        return Level(1, ticket, state, dict(run.evaluate(run.model)), log, level.states)
