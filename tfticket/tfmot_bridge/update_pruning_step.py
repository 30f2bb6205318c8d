"""UpdatePruningStep: prunes what `prune_low_magnitude` has marked, while a model trains."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from tfticket import _optimizers
from tfticket.callbacks.base import Callback
from tfticket.callbacks.prune_on_schedule import PruneOnSchedule
from tfticket.callbacks.update_clock import UpdateClock
from tfticket.masks import Masks
from tfticket.tfmot_bridge.pruning_marks import PruningMark, planned
from tfticket.weights import Filter

__all__ = ["PruningProgress", "UpdatePruningStep"]

_PROGRESS = "_tfticket_progress"


class UpdatePruningStep(Callback):
    """Follows the schedules that `prune_low_magnitude` has stored on a model's layers.

    It stands where tfmot's callback of this name stood, in `fit` or in a training loop of your own.
    The clock counts the steps that the model was trained with such a callback, in however many
    calls of `fit`, with however many optimizers. Masks are in force from the first step on and
    stay so after `fit`, until `release`.

    Args:
        on_unreachable: whether to `"raise"` or `"warn"`, before training, if the planned steps do
            not reach a schedule's final sparsity. tfmot does neither.

    Example:
        pruned = tt.prune_low_magnitude(model, pruning_schedule=schedule)
        pruned.compile("adam", "mse")
        pruned.fit(x, y, callbacks=[tt.callbacks.UpdatePruningStep()])
    """

    _of_model = ("_progress",)

    def __init__(self, *, on_unreachable: Literal["raise", "warn"] = "warn"):
        self._on_unreachable: Literal["raise", "warn"] = on_unreachable
        self._progress: PruningProgress | None = None
        self._is_fitting = False

    @property
    def masks(self) -> Masks:
        """The present masks.

        Raises:
            ValueError: before training, when there are none yet.
        """
        if self._progress is None or not self._progress.has_masks:
            raise ValueError("there are no masks yet: training has not begun with this callback.")
        return self._progress.masks

    @property
    def is_done(self) -> bool:
        """Whether every schedule's final sparsity has been reached."""
        return bool(self._followers) and all(f.is_done for f in self._followers)

    def release(self) -> None:
        """Gives the model back without masks in force; its weights keep their values."""
        if self._progress is not None:
            self._progress.release()

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        self._is_fitting = True  # a loop of the user's own does not call this

    def on_train_begin(self, logs: Any = None) -> None:
        if getattr(self.model, "optimizer", None) is None:
            raise ValueError(
                "`model` must have its optimizer before `on_train_begin`: its gradients are to be"
                " masked. Compile it, or set `model.optimizer`."
            )
        self._progress = PruningProgress.of(self.model)
        if not self._progress.plan:
            warnings.warn(
                f"nothing in the model {self.model.name!r} is marked for pruning, so nothing will"
                f" be pruned.\n{planned(self.model)[1]}",
                UserWarning,
                stacklevel=2,
            )
        self._is_new = not self._progress.step and not self._progress.has_masks
        self._done_before = _optimizers.steps_done(self.model.optimizer)
        for follower in self._progress.followers:
            follower.set_model(self.model)
            follower.set_params(self.params if self._is_fitting else {})
            follower.start(self._progress.step, self._on_unreachable)
        self._first_step = self._progress.step - self._done_before

    def on_train_end(self, logs: Any = None) -> None:
        for follower in self._followers:
            follower.on_train_end(logs)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if self._is_new and self._is_fitting:
            self._take_over(epoch)
        for follower in self._followers:
            follower.on_epoch_begin(epoch, logs)

    def _take_over(self, epoch: int) -> None:
        """Sets the clock to the optimizer's if a backup of the training has been restored."""
        self._is_new, done = False, _optimizers.steps_done(self.model.optimizer)
        if done and (
            epoch > 0
            or done != self._done_before
            or any(f._masks_of_restored(done) is not None for f in self._followers)
        ):
            for follower in self._followers:
                follower.set_step(done)

    def on_epoch_end(self, epoch: int = -1, logs: Any = None, *, batch: int = -1) -> None:
        """Checks the masks; in a loop of your own it also prunes if the last steps call for it.

        Args:
            epoch: number of the epoch.
            logs: metrics, to which the sparsity is added.
            batch: what tfmot's callback calls the epoch.
        """
        if not self._is_fitting:
            self._catch_up()
        for follower in self._followers:
            follower.on_epoch_end(epoch, logs)
        if isinstance(logs, dict) and self._followers:
            logs["sparsity"] = self.masks.sparsity

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if not self._is_fitting:
            self._catch_up()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if not self._is_fitting:
            self._catch_up()
            return
        for follower in self._followers:
            follower.on_train_batch_end(batch, logs)

    @property
    def _followers(self) -> Sequence[Follower]:
        return [] if self._progress is None else self._progress.followers

    def _catch_up(self) -> None:
        """Follows the steps that the optimizer has made, in a loop that calls nothing else."""
        for follower in self._followers:
            follower.catch_up(self._first_step + _optimizers.steps_done(self.model.optimizer))


class Follower(PruneOnSchedule):
    """Prunes those weights of a model that share one mark; like tfmot, never all of a weight."""

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        self._method = replace(self._method, on_collapse="keep_one")

    def start(self, step: int, on_unreachable: Literal["raise", "warn"]) -> None:
        """Begins a training whose clock stands at a step."""
        self._on_unreachable = on_unreachable
        self.on_train_begin()
        self.set_step(step)

    def set_step(self, step: int) -> None:
        """Sets the clock to a step."""
        self._clock = UpdateClock(self.model, step)

    def catch_up(self, step: int) -> None:
        """Follows the schedule up to a step, that of the beginning included."""
        self._follow(range(self._clock.step + int(self._has_begun), step + 1))
        self._clock.step, self._has_begun = step, True

    @property
    def step(self) -> int:
        """The step that the clock stands at; 0 before training."""
        return 0 if self._clock is None else self._clock.step


class PruningProgress:
    """How far the pruning of one model has come: its masks and its clock, kept on the model.

    Args:
        plan: the mark of each weight by path.
        masks: masks to start from; `None` means all kept.
        step: the step that the clock stands at.
    """

    def __init__(self, plan: dict[str, PruningMark], masks: Masks | None = None, step: int = 0):
        groups: dict[PruningMark, list[str]] = {}
        for path, own in plan.items():
            groups.setdefault(own, []).append(path)
        self.plan, self._begun_at = plan, step
        self.followers = [_follower(own, paths, masks) for own, paths in groups.items()]

    @classmethod
    def of(cls, model: Any) -> PruningProgress:
        """Returns that of a model, made anew where its marks have changed."""
        plan = planned(model)[0]
        earlier = cls.find(model)
        if earlier is not None and earlier.plan == plan:
            return earlier
        found = cls(plan) if earlier is None else cls(plan, earlier.kept_of(plan), earlier.step)
        found.keep_on(model)
        return found

    @staticmethod
    def find(model: Any) -> PruningProgress | None:
        """Returns that of a model; `None` if none was made yet."""
        return vars(model).get(_PROGRESS)

    def keep_on(self, model: Any) -> None:
        """Becomes that of a model."""
        vars(model)[_PROGRESS] = self

    @property
    def step(self) -> int:
        """Steps trained so far."""
        return max((f.step for f in self.followers), default=0) or self._begun_at

    @property
    def masks(self) -> Masks:
        """The present masks, in the order of the model.

        Raises:
            ValueError: if training has not begun.
        """
        arrays = {p: m for follower in self.followers for p, m in follower.masks.items()}
        return Masks({p: arrays[p] for p in self.plan})

    @property
    def has_masks(self) -> bool:
        """Whether there are masks yet."""
        return bool(self.plan) and all(f._masks is not None for f in self.followers)

    def kept_of(self, plan: dict[str, PruningMark]) -> Masks | None:
        """The masks of those of another plan's weights that have one; `None` if none has."""
        kept = {p: self.masks[p] for p in plan if p in self.plan} if self.has_masks else {}
        return Masks(kept) if kept else None

    def release(self) -> None:
        """Takes the masks out of force; weights keep their values."""
        for follower in self.followers:
            follower.release()


def _follower(own: PruningMark, paths: Sequence[str], masks: Masks | None) -> Follower:
    wanted = frozenset(paths)
    known = {p: m for p, m in (masks or {}).items() if p in wanted}
    return Follower(
        own.schedule,
        granularity=own.granularity,
        prunable=Filter(include=wanted.__contains__, kinds=("kernel", "embedding")),
        masks=Masks(known) if known else None,
    )
