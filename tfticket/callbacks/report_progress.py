"""ReportProgress: how far `fit` is, told now and then."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tfticket.callbacks.base import Callback
from tfticket.callbacks.update_clock import UpdateClock
from tfticket.progress import TrainingProgress

__all__ = ["ReportProgress", "watched"]

_SECONDS = 0.5


class ReportProgress(Callback):
    """Tells how far a training is, at most every so many seconds.

    No step waits for it: the optimizer's count and the loss are copied from the device only when
    they are told.

    Args:
        on_progress: called with a `TrainingProgress`.
        seconds: from one call to the next, at least.
    """

    _of_model = ("_clock", "_on_progress")

    def __init__(
        self, on_progress: Callable[[TrainingProgress], None], *, seconds: float = _SECONDS
    ):
        self._on_progress = on_progress
        self._seconds = seconds

    def on_train_begin(self, logs: Any = None) -> None:
        self._clock = UpdateClock(self.model)
        self._start: int | None = None
        self._end: int | None = None
        self._next = time.monotonic() + self._seconds

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._clock.sync()
        if self._start is None:  # the first epoch of this `fit`; it need not be epoch 0
            ahead = self._clock.ahead(self.params, epoch)
            self._start = self._clock.step
            self._end = None if ahead is None else self._start + ahead

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if time.monotonic() < self._next:
            return
        self._clock.due(batch, lambda step: True)
        loss = (logs or {}).get("loss")
        loss = None if loss is None else float(loss)
        self._on_progress(TrainingProgress(self._clock.step, self._start or 0, self._end, loss))
        self._next = time.monotonic() + self._seconds


def watched(
    train: Callable[..., Any], on_progress: Callable[[TrainingProgress], None] | None
) -> Callable[..., Any]:
    """Returns a training that tells how far it is.

    Args:
        train: called with a model, a list of callbacks and anything else.
        on_progress: called with a `TrainingProgress`; `None` returns `train` as it is.
    """
    if on_progress is None:
        return train

    def train_watched(model: Any, callbacks: list[Any], *others: Any, **named: Any) -> Any:
        return train(model, [*callbacks, ReportProgress(on_progress)], *others, **named)

    return train_watched
