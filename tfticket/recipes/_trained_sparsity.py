"""Training weights and what masks them together: what such recipes share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfticket.recipes.base import Recipe

if TYPE_CHECKING:
    from tfticket.lottery import Level
    from tfticket.recipes.run.context import Run
    from tfticket.supermasks import Masker

__all__ = ["TrainedSparsity"]


class TrainedSparsity(Recipe):
    """Level 0 trains the dense network; level 1 starts from its initialisation.

    Scores are trained by the network's optimizer, which has no weight decay of its own for them.
    """

    def masker(self) -> Masker:
        """Returns what makes the mask of the scores."""
        raise NotImplementedError

    def check(self, run: Run) -> None:
        """See `Recipe`; converts the network once, so that it is known whether it can be."""
        self._converted(run)

    def start(self, run: Run) -> Level:
        """Trains the dense network.

        Args:
            run: with its model at the initialisation.
        """
        from tfticket import supermasks

        _, ticket = supermasks.to_plain(self._converted(run))
        return run.dense({p: ticket.weights[p] for p in ticket.masks})

    def _converted(self, run: Run, scores_regularizer: Any = None) -> Any:
        """Returns the network with scores, its weights as they are in the run's model."""
        from tfticket import supermasks

        return supermasks.convert(
            run.model,
            masker=self.masker(),
            scores_regularizer=scores_regularizer,
            seed=run.seed,
        )

    def _compiled(self, made: Any, run: Run) -> Any:
        """Compiles it as the run's model is, without weight decay of the scores."""
        from tfticket import _keras, _weight_decay
        from tfticket.cloning import compile_like

        compile_like(made, run.model)
        layers = [layer for _, layer, _ in _keras.walk(made)]
        scores = [layer.scores for layer in layers if hasattr(layer, "current_mask")]
        _weight_decay.exclude(made.optimizer, scores)
        return made
