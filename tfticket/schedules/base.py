"""What every schedule is: a curve over progress, and a step clock that says when to follow it."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import tensorflow as tf

from tfticket.clock import steps
from tfticket.schedules.registration import register, registered_name
from tfticket.schedules.tfmot_base import PruningSchedule

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["FOREVER", "Schedule", "as_sparsity"]

FOREVER = -1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Schedule(PruningSchedule):
    """Says how sparse a model is to be at each progress, and by its step clock when to prune.

    One curve, two clocks. Between trainings, progress is `round / rounds` and only `curve` is
    used. Inside one training, progress is `(step - begin_step) / (end_step - begin_step)`, and
    pruning happens at `begin_step + k * frequency` and, so that the target is never missed, at
    `end_step` itself. tfmot counts from step 1: a schedule that ends at step 0 prunes there too.

    It is a tfmot `PruningSchedule`: `tfmot.sparsity.keras.prune_low_magnitude` takes it as it is.
    Where tfmot cannot be imported it is the same without that base.
    For a curve of your own, subclass it as a frozen dataclass and define `formula`; models that
    hold it reload wherever the subclass has been defined.

    Args:
        begin_step: first step to prune at; integer >= 0, or a string like `"500it"`.
        end_step: last step to prune at, >= `begin_step`; may be left out if only rounds are used.
        frequency: steps from one pruning to the next, >= 1; 100 as in tfmot.

    Raises:
        ValueError: if a value is out of its range.

    References:
        tfmot's schedules: https://www.tensorflow.org/model_optimization/api_docs/python/tfmot/sparsity/keras/PruningSchedule
    """

    begin_step: int = 0
    end_step: int | None = None
    frequency: int = 100

    rounds: ClassVar[int | None] = None
    """How many rounds it was made for; None if it does not say."""

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        register(cls)

    def __post_init__(self):
        self._keep("begin_step", steps(self.begin_step, name="begin_step"))
        if self.end_step not in (None, FOREVER):
            self._keep("end_step", steps(self.end_step, name="end_step"))
            if self.end_step < self.begin_step:
                raise ValueError(
                    "`end_step` must be at least `begin_step`: progress runs from one to the other."
                    f" Received: begin_step={self.begin_step}, end_step={self.end_step}"
                )
        elif self.end_step == FOREVER and type(self).end_step != FOREVER:
            raise ValueError(
                "`end_step` must be a step: only a constant schedule can go on for ever."
                f" Received: end_step={self.end_step}"
            )
        self._keep("frequency", steps(self.frequency, name="frequency"))
        if self.frequency < 1:
            raise ValueError(
                "`frequency` must be at least 1: it is the number of steps between prunings."
                f" Received: frequency={self.frequency}"
            )

    @abc.abstractmethod
    def formula(self, progress: Any) -> Any:
        """Returns the sparsity at a progress in [0, 1]; operators only, so that any number goes.

        Args:
            progress: float, array or tensor, already clipped.
        """

    def curve(self, progress: Any) -> Any:
        """Returns the cumulative sparsity at a progress.

        Args:
            progress: float, NumPy array or tensor; what lies outside [0, 1] is clipped.

        Returns:
            Sparsity in [0, 1), of the same kind and shape.
        """
        return self.formula(_clip(progress))

    def progress(self, step: Any) -> Any:
        """Returns how far the schedule is at a step.

        Args:
            step: integer, NumPy array or tensor of integers.

        Returns:
            Progress in [0, 1]. It jumps from 0 to 1 if the schedule begins and ends at one step.

        Raises:
            ValueError: if the schedule has no `end_step`.
        """
        end = self._known_end()
        span = 0 if end == FOREVER else end - self.begin_step
        elapsed = step - self.begin_step
        if _is_tensor(elapsed):
            elapsed = tf.cast(elapsed, tf.float32)
        return _clip(elapsed / span if span else elapsed + 1)

    def sparsity_at(self, step: int) -> Any:
        """Returns the curve at a step, whether or not the schedule prunes just then."""
        return self.curve(self.progress(step))

    def should_prune(self, step: int) -> bool:
        """Tells whether the schedule prunes at a step, in plain Python.

        Args:
            step: optimizer updates done so far.

        Raises:
            ValueError: if the schedule has no `end_step`.
        """
        end = self._known_end()
        is_turn = (step - self.begin_step) % self.frequency == 0
        is_within = self.begin_step <= step and (end == FOREVER or step <= end)
        return (is_turn and is_within) or step == self.last_step

    def __call__(self, step: Any) -> tuple[tf.Tensor, tf.Tensor]:
        """Answers tfmot: is this a step to prune at, and how sparse should it be?

        Args:
            step: integer or integer tensor.

        Returns:
            `(should_prune, sparsity)`, a `tf.bool` and a `tf.float32` of the shape of `step`.

        Raises:
            ValueError: if the schedule has no `end_step`.
        """
        step = tf.cast(step, tf.int64)
        sparsity = tf.cast(self.curve(self.progress(step)), tf.float32)
        due = self._should_prune_in_step(step, self.begin_step, self.end_step, self.frequency)
        if self.last_step is not None:
            due = tf.logical_or(due, tf.equal(step, self.last_step))
        return due, sparsity

    @property
    def last_step(self) -> int | None:
        """The step at which pruning is over; None if it goes on for ever or has no step clock."""
        return None if self.end_step in (None, FOREVER) else max(self.end_step, 1)

    @classmethod
    def from_epochs(
        cls,
        begin_epoch: float | str,
        end_epoch: float | str,
        steps_per_epoch: int,
        *args: Any,
        frequency: int | str = 100,
        **settings: Any,
    ) -> Self:
        """Makes a schedule whose clock is given in epochs.

        Args:
            begin_epoch: number of epochs done when pruning begins; or `"500it"`, `"2ep"`.
            end_epoch: number of epochs done when it ends; likewise.
            steps_per_epoch: optimizer updates in one epoch, >= 1.
            *args: what the schedule's own constructor takes, its sparsity above all.
            frequency: steps from one pruning to the next, or `"0.5ep"`.
            **settings: what the constructor takes by name.

        Example:
            >>> from tfticket.schedules import Linear
            >>> Linear.from_epochs(1, 3, 200, final_sparsity=0.5, frequency="1ep").end_step
            600
        """
        times = {"begin_step": begin_epoch, "end_step": end_epoch}
        clock = {
            name: steps(t if isinstance(t, str) else f"{t}ep", steps_per_epoch, name=name)
            for name, t in times.items()
        }
        clock["frequency"] = steps(frequency, steps_per_epoch, name="frequency")
        return cls(*args, **clock, **settings)

    def get_config(self) -> dict[str, Any]:
        """Returns `{"class_name": the registered name, "config": the settings}`, as tfmot does.

        With the registered name both Kerases find the class again when a model is loaded or
        cloned; with a bare one they would hand back a string.
        """
        return {"class_name": registered_name(type(self)), "config": self._settings()}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Makes the schedule of a config, with or without the class name around it.

        Args:
            config: what `get_config` returned, or the `"config"` inside it.
        """
        inner = config["config"] if set(config) == {"class_name", "config"} else config
        return cls(**inner)

    def _settings(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.init}

    def _known_end(self) -> int:
        if self.end_step is None:
            raise ValueError(
                "`end_step` must be given to follow a schedule by steps: without it progress has"
                f" no end. Received: {self!r}. Make one with dataclasses.replace(schedule,"
                " begin_step=…, end_step=…) or `from_epochs`."
            )
        return self.end_step

    def _keep(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _keep_rising_sparsities(self) -> None:
        for name in ("initial_sparsity", "final_sparsity"):
            self._keep(name, as_sparsity(getattr(self, name), name))
        if self.initial_sparsity > self.final_sparsity:
            raise ValueError(
                "`initial_sparsity` must be at most `final_sparsity`: masks never grow again."
                f" Received: initial_sparsity={self.initial_sparsity},"
                f" final_sparsity={self.final_sparsity}"
            )


def as_sparsity(value: Any, name: str) -> float:
    """Returns a sparsity as a float.

    Args:
        value: the sparsity.
        name: what the caller's argument is called.

    Raises:
        TypeError: if it is no real number.
        ValueError: if it is not in [0, 1).
    """
    if not isinstance(value, (int, float, np.number)):
        raise TypeError(
            f"`{name}` must be a number: sparsity is a fraction. Received: {name}={value!r}"
        )
    if not 0.0 <= value < 1.0:
        raise ValueError(
            f"`{name}` must be in [0, 1): sparsity is the fraction of prunable weights masked out,"
            f" never a percent, and something must be left. Received: {name}={value!r}"
        )
    return float(value)


def _is_tensor(value: Any) -> bool:
    # `tf.is_tensor` takes ten microseconds to deny it of a number, several times an update.
    return not isinstance(value, int | float | np.ndarray) and tf.is_tensor(value)


def _clip(progress: Any) -> Any:
    if _is_tensor(progress):
        return tf.math.minimum(1.0, tf.math.maximum(0.0, progress))
    if isinstance(progress, np.ndarray):
        return np.clip(progress, 0.0, 1.0)
    return min(1.0, max(0.0, float(progress)))
