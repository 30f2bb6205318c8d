"""Training and evaluation for `find_ticket`, from a data set and a few numbers.

The batch at a step depends on the seed and the step alone, so a network that is rewound to step k
meets the batches it met after step k before; of a `Stream` only if it is restartable. So do the
random numbers of Keras 3's layers, whose states are part of a training state; those of tf_keras'
start over with each training.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfticket import _keras, _optimizers, references
from tfticket.determinism import seeded
from tfticket.zoo.pipeline import batches, evaluate, in_order
from tfticket.zoo.splits import Dataset, Split
from tfticket.zoo.streams import Stream
from tfticket.zoo.structures import leaves

__all__ = ["Training", "check_fit", "early_stop_step", "evaluate_on", "finite", "train_on"]

#: `train(model, callbacks)`, or `train(model, callbacks, until=step)`.
Train = Callable[..., dict[str, Any]]
Evaluate = Callable[[Any], dict[str, float]]

#: How much of Keras' own words is repeated.
_MAX_REASON = 400


@dataclass(frozen=True)
class Training:
    """How long, on what and in which order.

    Args:
        num_steps: optimizer updates of one training.
        batch_size: examples per update.
        seed: chooses the order of the examples.
        eval_every: steps between validations, which divides `num_steps`; `None` means none. It is
            what callbacks know as an epoch.
        class_weight: weight of each class in the loss, from class 0 on, as `fit` takes it.
        callbacks: called before each training, with the Keras of the model if it has a parameter
            `keras`; returns further callbacks for `fit`, such as `EarlyStopping`.

    Raises:
        ValueError: if a number is out of range or does not divide, or there are callbacks and no
            validations for them.
    """

    num_steps: int
    batch_size: int = 64
    seed: int = 0
    eval_every: int | None = None
    class_weight: Mapping[int, float] | None = None
    callbacks: Callable[..., Sequence[Any]] | None = None

    def __post_init__(self) -> None:
        for name in ("num_steps", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"`{name}` must be at least 1. Received: {name}={getattr(self, name)}"
                )
        if self.eval_every is not None and (
            self.eval_every < 1 or self.num_steps % self.eval_every
        ):
            raise ValueError(
                "`eval_every` must divide `num_steps`: the last validation is at the last step."
                f" Received: eval_every={self.eval_every}, num_steps={self.num_steps}"
            )
        if self.callbacks is not None and self.eval_every is None:
            raise ValueError(
                "`eval_every` must be given with `callbacks`: it is what they know as an epoch, and"
                " what they look at is measured then. Received: eval_every=None"
            )

    def end_after(self, start_step: int) -> int:
        """Returns the step at which a training that starts at `start_step` ends.

        >>> training = Training(num_steps=100)
        >>> training.end_after(0), training.end_after(30), training.end_after(100)
        (100, 100, 200)
        """
        return (start_step // self.num_steps + 1) * self.num_steps

    def check_start(self, step: int) -> None:
        """Raises `ValueError` if a training from `step` on would not meet its validations."""
        if self.eval_every is not None and step % self.eval_every:
            raise ValueError(
                "`eval_every` must divide the step that training starts at."
                f" Received: eval_every={self.eval_every}, start_step={step}"
            )

    def validated_by(self, step: int) -> int:
        """Returns the first step from `step` on at which there is a validation.

        >>> Training(num_steps=100, eval_every=20).validated_by(130)
        140
        """
        every = self.eval_every or 1
        return -(-step // every) * every


def train_on(data: Dataset, training: Training) -> Train:
    """Returns `train(model, callbacks)`: `model.fit` from the optimizer's step to the end.

    A model whose optimizer has done fewer than `num_steps` updates is trained up to there; one
    that is there already, as in fine-tuning, for `num_steps` more. `train(model, callbacks,
    until=step)` trains up to another step, rounded up to the next validation.

    Args:
        data: trained on its train split and, where asked for, validated on its validation split.
        training: how long and in which order.

    Returns:
        A function whose log has `start_step` and `end_step` and, with `eval_every`, `curve` (the
        validation metrics by step) and `early_stop_step`, the step of least validation loss.
    """

    def train(model: Any, callbacks: list[Any], until: int | None = None) -> dict[str, Any]:
        start = _steps_done(model)
        end = training.end_after(start) if until is None else training.validated_by(until)
        every = training.eval_every
        log: dict[str, Any] = {"start_step": start, "end_step": start}
        if end <= start:
            return log
        training.check_start(start)
        stream = _stream(data, training, start, end)
        options: dict[str, Any] = {"shuffle": False, "verbose": 0}
        options["callbacks"] = [*callbacks, *_further(training, model)]
        if training.class_weight is not None:
            options["class_weight"] = dict(training.class_weight)
        if every is not None:
            options |= {"epochs": (end - start) // every, "steps_per_epoch": every}
            options["validation_data"] = in_order(data.validation)
        with seeded(training.seed):  # tf_keras' dropout draws from counters that nobody can read
            history = model.fit(stream, **options)
        done = _steps_done(model)  # fewer than planned if a callback stopped it
        log["end_step"] = done
        if every is not None:
            log |= curve_of(history.history, [*range(start + every, done, every), done])
        return log

    return train


def _stream(data: Dataset, training: Training, start: int, end: int) -> Any:
    return batches(
        data.train,
        batch_size=training.batch_size,
        num_steps=end,
        seed=training.seed,
        start_step=start,
        origin=start - start % training.num_steps,
    )


def evaluate_on(data: Dataset) -> Evaluate:
    """Returns `evaluate(model)`: loss and metrics on validation and test, so named.

    Args:
        data: evaluated whole, without weighting batches.

    Returns:
        A function that returns `{"validation_loss": …, "test_accuracy": …}`.
    """

    def evaluate_both(model: Any) -> dict[str, float]:
        found: dict[str, float] = {}
        for name, split in (("validation", data.validation), ("test", data.test)):
            metrics = evaluate(model, split)
            found |= {f"{name}_{metric}": float(value) for metric, value in metrics.items()}
        return found

    return evaluate_both


def early_stop_step(steps: Sequence[int], losses: Sequence[float | None]) -> int | None:
    """Returns the first step of least validation loss; `None` if no loss is finite.

    >>> early_stop_step([100, 200, 300], [0.5, 0.3, 0.3])
    200

    Args:
        steps: at which the loss was measured.
        losses: as many, `None` where not finite.

    References:
        Frankle & Carbin 2019, section 2, https://arxiv.org/abs/1803.03635
    """
    known = [(loss, step) for step, loss in zip(steps, losses, strict=True) if loss is not None]
    return min(known)[1] if known else None


def check_fit(model: Any, data: Dataset, training: Training) -> None:
    """Has a network measured on one batch, so that what does not fit is told before training.

    Args:
        model: compiled.
        data: what it is to learn.
        training: how.

    Raises:
        ValueError: if the data are not what the network takes, targets not what it has outputs for,
            or class weights not of its classes.
    """
    weighted = training.class_weight
    if weighted is not None and sorted(weighted) != list(range(data.num_classes or 0)):
        raise ValueError(
            f"`class_weight` must have a weight for each of the {data.num_classes or 0} classes of"
            f" the data. Received: class_weight={dict(weighted)}"
        )
    from tfticket.zoo.labels import require_labels  # and with it TensorFlow

    require_labels(model, data)
    _further(training, model)
    batch = _first_batch(data.train, training.batch_size)
    if weighted is not None and len(batch.element_spec) == 3:  # type: ignore[arg-type]
        raise ValueError(
            "`class_weight` must be left out where the examples have weights: multiply these."
            f" Received: class_weight={dict(weighted)}"
        )
    try:
        model.evaluate(batch, verbose=0)
    except Exception as error:
        reason = " ".join(str(error).partition("Arguments received")[0].split())
        columns: Any = batch.element_spec
        named = dict(zip(("inputs", "targets", "weights"), columns, strict=False))
        shapes = {n: f"{s.dtype.name} {list(s.shape)}" for n, s in leaves(named)}
        raise ValueError(
            "`data` must be what the network takes and its loss compares: it cannot be evaluated on"
            f" a batch. {_hint(data)}Received: {shapes} for {model.name!r} with"
            f" loss={model.loss!r}; Keras says: {type(error).__name__}: {reason[:_MAX_REASON]}"
        ) from error


def _first_batch(split: Split | Stream, batch_size: int) -> Any:
    if isinstance(split, Split):  # no more than that is copied
        split = split.take(np.arange(min(batch_size, len(split))))
    return in_order(split, batch_size=batch_size).take(1)


def _hint(data: Dataset) -> str:
    y = data.train.y if isinstance(data.train, Split) else None
    if not isinstance(y, np.ndarray) or y.ndim != 2 or y.shape[1] < 2:
        return ""
    if bool(((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all()):
        return (
            "The targets are one-hot: give class numbers, `y.argmax(axis=1)`, or compile with"
            " CategoricalCrossentropy. "
        )
    return ""


def _further(training: Training, model: Any) -> list[Any]:
    """Makes the user's callbacks anew: they remember what they have seen."""
    if training.callbacks is None:
        return []
    keras = _keras.module(model)
    name = getattr(training.callbacks, "__name__", "callbacks")
    found = references.called(training.callbacks, {"keras": keras}, name)
    made = list(found) if isinstance(found, (list, tuple)) else [found]
    others = [c for c in made if not hasattr(c, "set_model")]
    if others:
        raise TypeError(f"`callbacks` must return callbacks, as `fit` takes. Received: {others}")
    wrong = [c for c in made if _keras.flavour_or_none(c) not in (None, _keras.flavour(model))]
    if wrong:
        raise TypeError(
            f"`callbacks` must return callbacks of {keras.__name__}, the model's Keras; the"
            f" function may have a parameter `keras`. Received: {wrong}"
        )
    return made


def _steps_done(model: Any) -> int:
    return _optimizers.steps_done(model.optimizer)


def curve_of(history: Mapping[str, Sequence[float]], at: Sequence[int]) -> dict[str, Any]:
    """Returns what a training notes of its validations: `curve`, and `early_stop_step`.

    Args:
        history: as `fit` returns it; metrics whose names begin with `val_` are taken.
        at: the steps at which they were measured.
    """
    steps = list(at)
    curve: dict[str, list[Any]] = {"step": steps}
    for name, values in history.items():
        if name.startswith("val_"):
            curve[f"validation_{name.removeprefix('val_')}"] = [finite(v) for v in values]
    return {"early_stop_step": early_stop_step(steps, curve["validation_loss"]), "curve": curve}


def finite(value: Any) -> float | None:
    """Returns a number, and `None` for NaN and infinities, which JSON has no words for."""
    number = float(value)
    return number if math.isfinite(number) else None
