"""RecordRewindPoint: the training state at one step, for later rounds to go back to."""

from __future__ import annotations

from typing import Any

from tfticket import _keras, _optimizers, clock
from tfticket.callbacks.base import Callback
from tfticket.rewinding import TrainingState, capture

__all__ = ["RecordRewindPoint"]


class RecordRewindPoint(Callback):
    """Captures the whole training state when exactly `step` optimizer updates are done.

    Args:
        step: a number of steps, `"500it"`, or `"2ep"`; 0 is before the first step. A step is an
            optimizer update: under gradient accumulation it takes several batches.

    Raises:
        ValueError: in `fit`, before the first step: if training ends earlier, is already past
            it, or passes it inside one of its executions of `steps_per_execution` batches.

    Example:
        recorder = RecordRewindPoint("500it")
        model.fit(x, y, callbacks=[recorder])
        restore(model, recorder.state)
    """

    def __init__(self, step: int | str = 0):
        self._wanted = step
        self._received = f"Received: step={step!r}"
        self._forget()  # raises at once for what is no step

    def _forget(self) -> None:
        self._step = clock.steps(self._wanted, 1)
        self._is_known = not (isinstance(self._wanted, str) and self._wanted.strip().endswith("ep"))
        self._state: TrainingState | None = None

    @property
    def step(self) -> int:
        """The step of the rewind point; one given in epochs is known once `fit` has begun."""
        if not self._is_known:
            raise ValueError(
                f"`step` must be met in `fit` first: how many steps an epoch has is not known."
                f" {self._received}"
            )
        return self._step

    @property
    def is_known(self) -> bool:
        """Whether the step is known already: one given in epochs is once `fit` has begun."""
        return self._is_known

    def take(self, state: TrainingState) -> None:
        """Takes a rewind point that the same training recorded before.

        Args:
            state: at the step.

        Raises:
            ValueError: if it is of another step.
        """
        if state.step != self.step:
            raise ValueError(
                f"`state` must be of step {self.step}. Received: state.step={state.step}"
            )
        self._state = state

    @property
    def state(self) -> TrainingState:
        """The training state at that step."""
        if self._state is None:
            raise ValueError(
                f"`state` must be recorded first: no `fit` with this callback has reached the step."
                f" {self._received}"
            )
        return self._state

    def on_train_begin(self, logs: Any = None) -> None:
        self._begin_afresh_if_new()
        self._is_planned = False

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        # Not in `on_train_begin`: there a later callback may still restore a backup.
        if self._state is None and not self._is_planned:
            self._is_planned = True
            self._plan(epoch)
            self._record_if_reached()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self._state is None:
            self._record_if_reached()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self._state is None:  # Keras counts an update where data of unknown length end
            self._record_if_reached()

    def _record_if_reached(self) -> None:
        done = _optimizers.steps_done(self.model.optimizer)
        if done == self._step:
            self._state = capture(self.model)
        elif done > self._step:
            raise ValueError(
                f"`step` must not be passed over: {done} steps are done. {self._received}"
            )

    def _plan(self, epoch: int) -> None:
        """Resolves the step and raises `ValueError` if this training will not stop at it."""
        optimizer, batches = self.model.optimizer, self.params.get("steps")
        per_step = _optimizers.batches_per_step(optimizer)
        if not self._is_known:
            # An epoch of 2.5 updates is no measure; nor is one of unknown length.
            epoch_steps = None if batches is None or batches % per_step else batches // per_step
            self._step = clock.steps(self._wanted, epoch_steps)
            self._is_known = True
        ahead = self._step * per_step - _optimizers.batches_done(optimizer)
        if ahead < 0:
            raise ValueError(
                f"`step` must lie ahead: training is past it already. {self._received}"
            )
        left = None if batches is None else batches * (self.params["epochs"] - epoch)
        if left is not None and ahead > left:
            raise ValueError(
                f"`step` must come before training ends: {left} batches are left and {ahead} would"
                f" be needed. {self._received}"
            )
        # Within an epoch callbacks run after each execution; the last one may be shorter.
        if (ahead if batches is None else ahead % batches) % _keras.steps_per_execution(self.model):
            raise ValueError(
                f"`step` must be a multiple of `steps_per_execution`, counted from the start of its"
                f" epoch: no callback runs in between. {self._received}"
            )
