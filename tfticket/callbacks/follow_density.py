"""FollowDensity: the density of a supermask model, as its schedule says, while `fit` runs."""

from __future__ import annotations

from typing import Any, Literal

from tfticket.callbacks.base import Callback, supermask_layers
from tfticket.callbacks.update_clock import UpdateClock, last_turn
from tfticket.schedules import check_reachable

__all__ = ["FollowDensity"]


class FollowDensity(Callback):
    """Moves the densities of supermask layers along their schedules; nothing is traced again.

    A density given as a schedule, as in `EdgePopup(Polynomial(0.9, begin_step=0, end_step=1000))`,
    is 1 minus the schedule's sparsity at the number of optimizer updates done. It changes at the
    steps at which the schedule prunes, or, with `steps_per_execution`, at the first opportunity
    after. Layers of a constant density are left alone.

    Args:
        on_unreachable: whether to `"raise"` or `"warn"`, before training, if the planned steps do
            not reach a schedule's end.

    Raises:
        ValueError: in `fit`, if no layer of the model has a scheduled density.
        UnreachableSparsityError: in `fit`, before the first step.
    """

    _of_model = ("_layers", "_clock")

    def __init__(self, *, on_unreachable: Literal["raise", "warn"] = "raise"):
        self._on_unreachable: Literal["raise", "warn"] = on_unreachable
        self._layers: list[Any] = []

    def on_train_begin(self, logs: Any = None) -> None:
        wanted = "whose density is a schedule"
        self._layers = supermask_layers(self.model, "density_schedule", wanted)
        self._clock = UpdateClock(self.model)
        self._is_planned = False
        self._follow()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._clock.sync()
        if not self._is_planned:  # the first epoch of this `fit`; it need not be epoch 0
            self._is_planned = True
            self._follow()  # again: since `on_train_begin` a backup may have been restored
            self._plan(epoch)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self._clock.due(batch, self._is_due):
            self._follow()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self._clock.rest(self._is_due):
            self._follow()

    def _is_due(self, step: int) -> bool:
        return any(layer.density_schedule.should_prune(step) for layer in self._layers)

    def _follow(self) -> None:
        for layer in self._layers:
            schedule = layer.density_schedule
            layer.set_density(1.0 - schedule.sparsity_at(last_turn(schedule, self._clock.step)))

    def _plan(self, epoch: int) -> None:
        """Complains now if a schedule's end will not be reached."""
        planned = self._clock.planned(self.params, epoch)
        if planned is None:
            return
        for layer in self._layers:
            check_reachable(
                layer.density_schedule,
                planned,
                self._clock.step,
                current_sparsity=1.0 - layer.density,
                on_unreachable=self._on_unreachable,
            )
