"""AnnealTemperature: the temperature of soft masks, raised while `fit` runs."""

from __future__ import annotations

from typing import Any

from tfticket.callbacks.base import Callback, supermask_layers
from tfticket.callbacks.update_clock import UpdateClock

__all__ = ["AnnealTemperature"]


class AnnealTemperature(Callback):
    """Raises the temperatures of supermask layers exponentially; nothing is traced again.

    After t of T optimizer updates it is `final_temperature ** (t / T)`, of the layer's masker; with
    `steps_per_execution` it moves after each execution. Beyond the end it stays. A training that
    `BackupAndRestore` goes on with has the temperatures it would have had.

    Args:
        num_steps: T, in optimizer updates; `None` means up to the end of this `fit`.
        begin_step: the update at which it starts, from which T is counted.

    Raises:
        ValueError: if a number is out of its range; in `fit`, if no layer of the model has a
            temperature, or the length of the training is neither given nor known to Keras.

    Example:
        supermask = convert(model, masker=ContinuousSparsification())
        supermask.compile("adam", loss)
        supermask.fit(x, y, epochs=10, callbacks=[AnnealTemperature()])
    """

    _of_model = ("_layers", "_clock")

    def __init__(self, num_steps: int | None = None, *, begin_step: int = 0):
        if num_steps is not None and num_steps < 1:
            raise ValueError(f"`num_steps` must be at least 1. Received: num_steps={num_steps!r}")
        if begin_step < 0:
            raise ValueError(f"`begin_step` must be at least 0. Received: {begin_step!r}")
        self._num_steps, self._begin_step = num_steps, begin_step
        self._layers: list[Any] = []

    def on_train_begin(self, logs: Any = None) -> None:
        wanted = "with a temperature, as `ContinuousSparsification` gives them"
        self._layers = supermask_layers(self.model, "temperature", wanted)
        self._clock, self._end_step = UpdateClock(self.model), None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._clock.sync()
        if self._end_step is None:  # the first epoch of this `fit`; a backup has been restored
            self._end_step = self._begin_step + self._planned(epoch)
            self._follow()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self._clock.due(batch, self._is_due):
            self._follow()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self._clock.rest(self._is_due):
            self._follow()

    def _is_due(self, step: int) -> bool:
        return self._begin_step < step <= (self._end_step or 0)

    def _planned(self, epoch: int) -> int:
        if self._num_steps is not None:
            return self._num_steps
        ahead = self._clock.ahead(self.params, epoch)
        if ahead is None:
            raise ValueError(
                "`num_steps` must be given: Keras does not know how many steps an epoch has."
                f" Received: num_steps={self._num_steps!r}"
            )
        return max(1, self._clock.step + ahead - self._begin_step)

    def _follow(self) -> None:
        num_steps = (self._end_step or 0) - self._begin_step
        progress = (self._clock.step - self._begin_step) / num_steps
        for layer in self._layers:
            layer.set_temperature(layer.masker.temperature_at(progress))
