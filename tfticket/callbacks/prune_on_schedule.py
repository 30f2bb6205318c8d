"""PruneOnSchedule: gradual pruning inside one `fit`."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any, Literal

from tfticket import _keras, _optimizers
from tfticket.axes import Axes
from tfticket.callbacks.base import Callback
from tfticket.enforcement import Enforcement, enforce
from tfticket.layouts import layouts
from tfticket.masks import Masks, ones_like
from tfticket.schedules import as_schedule, check_reachable
from tfticket.scores import Evidence
from tfticket.weights import FilterLike, prunable

__all__ = ["PruneOnSchedule"]


class PruneOnSchedule(Callback):
    """Prunes a model while it trains, as a schedule says, in either Keras and without wrappers.

    After each step at which the schedule prunes, the survivors are ranked anew and the lowest are
    masked out until the scheduled sparsity is reached exactly. Masks never grow, and what is
    masked is out of the next step already. Nothing has to be stripped afterwards: `model` is a
    plain Keras model with zeros, and `masks` tells which. The masks stay in force until `release`.

    With `steps_per_execution` Keras calls back once per execution: pruning then takes place at the
    first opportunity after the scheduled step.

    Args:
        schedule: a `Schedule` with a step clock, or a tfmot schedule. Step 0 is before the first
            update; steps go on counting in a later `fit`.
        score: what each weight is worth; a name or a `Score`.
        scope: where scores are ranked, `"layer"` or `"global"`.
        granularity: the unit that is masked together.
        filters: which weights may be masked: a regex, a list, a callable or a `Filter`.
        evidence: what the score needs besides the weights.
        masks: masks to start from, as of a ticket; `None` means all kept.
        on_unreachable: whether to `"raise"` or `"warn"`, before training, if the planned steps do
            not reach the schedule's final sparsity.

    Raises:
        UnreachableSparsityError: in `fit`, before the first step.

    References:
        Zhu & Gupta 2017, "To prune, or not to prune", https://arxiv.org/abs/1710.01878
    """

    def __init__(
        self,
        schedule: Any,
        *,
        score: Any = "magnitude",
        scope: Any = "layer",
        granularity: Any = "weight",
        filters: FilterLike = None,
        evidence: Evidence | None = None,
        masks: Masks | None = None,
        on_unreachable: Literal["raise", "warn"] = "raise",
    ):
        self.schedule = as_schedule(schedule)
        self._axes = Axes(self.schedule, score, scope, granularity, rounds=1)
        self._filters = filters
        self._evidence = evidence or Evidence({}, seed=0)
        self._masks = masks
        self._on_unreachable: Literal["raise", "warn"] = on_unreachable
        self._enforcement: Enforcement | None = None
        self._sparsity: Any = None
        #: `(step, sparsity)` at every pruning.
        self.history: list[tuple[int, float]] = []

    @property
    def masks(self) -> Masks:
        """The present masks.

        Raises:
            ValueError: before the first `fit`, when there are none yet.
        """
        if self._masks is None:
            raise ValueError("there are no masks yet: `fit` has not begun with this callback.")
        return self._masks

    def release(self) -> None:
        """Gives the model back without masks in force; its weights keep their values."""
        if self._enforcement is not None:
            self._enforcement.release()

    def on_train_begin(self, logs: Any = None) -> None:
        self._step = _optimizers.steps_done(self.model.optimizer)
        self._planned: int | None = None
        self._variables = prunable(self.model, self._filters).variables
        self._layouts = layouts(self.model, self._variables)
        current = self._enforcement
        if current is not None and current.model is self.model and not current.is_released:
            current.attach()
            return
        masks = ones_like(self._variables) if self._masks is None else self._masks
        self._enforcement = enforce(self.model, masks)
        self._masks = self._enforcement.masks

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        # As in EnforceMasks: a backup may have been restored by now, slots included.
        _optimizers.build(self.model.optimizer, self.model.trainable_variables)
        if self._enforcement is not None:
            self._enforcement.project()
        if self._planned is None:  # the first epoch of this `fit`; it need not be epoch 0
            self._plan(epoch)
            self._follow(self._step, self._step)
        self._epoch_begin = self._step

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        done = self._epoch_begin + batch + 1
        self._follow(self._step + 1, done)
        self._step = done

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self._enforcement is not None:
            self._enforcement.check()
        if isinstance(logs, dict):
            logs["sparsity"] = self.masks.sparsity

    def _plan(self, epoch: int) -> None:
        """Complains now if the schedule's end will not be reached."""
        per_epoch, epochs = self.params.get("steps"), self.params.get("epochs")
        if not per_epoch or not epochs:
            self._planned = 0
            warnings.warn(
                "the number of steps per epoch is not known to Keras, so it cannot be checked that"
                " the schedule ends within the training. Pass `steps_per_epoch` to `fit`.",
                UserWarning,
                stacklevel=2,
            )
            return
        planned = (epochs - epoch) * per_epoch
        self._planned = planned
        check_reachable(
            self.schedule,
            planned,
            self._step,
            current_sparsity=self.masks.sparsity,
            on_unreachable=self._on_unreachable,
        )

    def _follow(self, first: int, last: int) -> None:
        """Prunes if the schedule does so at any of these steps, as at the last of them."""
        due = [s for s in range(first, last + 1) if self.schedule.should_prune(s)]
        if due:
            self._prune(due[-1])

    def _prune(self, step: int) -> None:
        sparsity = self.schedule.sparsity_at(step)
        if sparsity == self._sparsity or self._enforcement is None:
            return
        looked_at = {p: _keras.view(v) for p, v in self._variables.items()}
        scores = self._axes.score(self.model, replace(self._evidence, weights=looked_at))
        masks = self._axes.select(scores, self.masks, sparsity, self._layouts)
        self._enforcement.update(masks)
        self._masks, self._sparsity = masks, sparsity
        self.history.append((step, masks.sparsity))
