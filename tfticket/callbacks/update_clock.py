"""The one clock of all callbacks: optimizer updates, whatever the batches are doing."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

from tfticket import _keras, _optimizers
from tfticket.schedules import Schedule

__all__ = ["UpdateClock", "last_turn"]


class UpdateClock:
    """Counts the updates of an optimizer while `fit` runs.

    Batches are no updates: gradients may be gathered over several of them, and loss scaling skips
    some. Asking the optimizer after every batch would cost every step a moment. So batches bound
    the count from above, and the optimizer is asked only where a step is due below the bound.

    Args:
        model: the compiled model that `fit` runs on.
        step: what the clock is to show now; `None` means the optimizer's own count.

    Attributes:
        step: the steps done as far as was looked; none is due between the true count and this.
    """

    def __init__(self, model: Any, step: int | None = None):
        self._optimizer: Any = model.optimizer
        self._per_execution = _keras.steps_per_execution(model)
        optimizer = self._optimizer
        self._per_step = _optimizers.batches_per_step(optimizer)
        done = _optimizers.steps_done(optimizer)
        self._offset = 0 if step is None else step - done
        self.step = self._offset + done
        self._batches = 0

    def sync(self) -> None:
        """Reads the optimizer; called at the beginning of every epoch, before its batches."""
        self._batches = _optimizers.batches_done(self._optimizer)
        self.step = self._read()

    def due(self, batch: int, is_due: Callable[[int], bool]) -> list[int]:
        """Returns the steps since the last call at which something is due.

        Args:
            batch: the batch of the epoch that is done, counted from 0; of an execution of several
                the last one, or, up to Keras 3.8, the first.
            is_due: tells it of a step.
        """
        batches = self._batches + batch + self._per_execution
        latest = self._offset + batches // self._per_step
        if not any(is_due(s) for s in range(self.step + 1, latest + 1)):
            self.step = max(self.step, latest)
            return []
        latest = self._read()
        steps = [s for s in range(self.step + 1, latest + 1) if is_due(s)]
        self.step = latest
        return steps

    def rest(self, is_due: Callable[[int], bool]) -> list[int]:
        """Returns the steps at which something is due and that no batch of an epoch has told of.

        Where a data set of unknown length ends, Keras counts one update more than batches. Called
        at the end of every epoch.

        Args:
            is_due: tells it of a step.
        """
        begin, self.step = self.step, max(self.step, self._read())
        return [s for s in range(begin + 1, self.step + 1) if is_due(s)]

    def ahead(self, params: Mapping[str, Any], epoch: int) -> int | None:
        """Returns how many updates `fit` has planned from an epoch on; `None` if it cannot tell.

        Args:
            params: what `fit` told the callback.
            epoch: the epoch that begins, counted from 0.
        """
        per_epoch, epochs = params.get("steps"), params.get("epochs")
        if not per_epoch or not epochs:
            return None
        last = self._batches + (epochs - epoch) * per_epoch
        return last // self._per_step - self._batches // self._per_step

    def planned(self, params: Mapping[str, Any], epoch: int) -> int | None:
        """Returns what `ahead` does, and warns if that is not known.

        Args:
            params: what `fit` told the callback.
            epoch: the epoch that begins, counted from 0.
        """
        found = self.ahead(params, epoch)
        if found is None:
            warnings.warn(
                "the number of steps per epoch is not known to Keras, so it cannot be checked that"
                " the schedule ends within the training. Pass `steps_per_epoch` to `fit`.",
                UserWarning,
                stacklevel=3,
            )
        return found

    def steps_per_epoch(self, params: Mapping[str, Any]) -> int | None:
        """Returns the updates of an epoch; `None` if unknown or not a whole number.

        Args:
            params: what `fit` told the callback.
        """
        batches = params.get("steps")
        return None if not batches or batches % self._per_step else batches // self._per_step

    def _read(self) -> int:
        return self._offset + _optimizers.steps_done(self._optimizer)


def last_turn(schedule: Schedule, step: int) -> int:
    """Returns the last step, up to a given one, at which a schedule changes anything.

    Args:
        schedule: with a step clock.
        step: optimizer updates done; before the schedule's beginning, that is returned.
    """
    if step <= schedule.begin_step:
        return schedule.begin_step
    if schedule.last_step is not None and step >= schedule.last_step:
        return schedule.last_step
    return step - (step - schedule.begin_step) % schedule.frequency
