"""Checkpoints inside a training, so that a long one that was killed goes on from its last epoch."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfticket import _keras, _optimizers, files
from tfticket.callbacks import EnforceMasks, RecordRewindPoint
from tfticket.callbacks.base import Callback
from tfticket.errors import CorruptFileError
from tfticket.rewinding import TrainingState, capture, read_state, restore, write_state
from tfticket.zoo.training import Train, Training, curve_of, early_stop_step

__all__ = ["checkpointed"]

#: Between checkpoints: shorter trainings write none, and longer ones lose no more than this.
SECONDS = 60.0

_RECORD = "checkpoint.json"


def checkpointed(train: Train, training: Training, folder: Path | None) -> Train:
    """Returns a training that leaves checkpoints, and goes on from one that was left.

    It ends with the same bits. That can be known only where nothing but the model and rewind
    points remember anything: with other callbacks, and with random layers of tf_keras, which draw
    from counters that nobody can read, a training begins at its start.

    Args:
        train: as `train_on` returns it.
        training: that it was made of; without `eval_every` there are no epochs.
        folder: for checkpoints, each training's by itself; `None` returns `train` as it is.
    """
    if folder is None or training.eval_every is None or training.callbacks is not None:
        return train

    def resumed(model: Any, callbacks: list[Any], until: int | None = None) -> dict[str, Any]:
        if not _is_all_known(model, callbacks):
            return train(model, callbacks, until)
        start_step = _optimizers.steps_done(model.optimizer)
        name = _digest(capture(model), training, callbacks, until)
        keeper = _Keeper(folder / name, training, callbacks)
        before = keeper.found()
        if before is not None:
            restore(model, before.state)
            callbacks = [c for c in callbacks if c not in keeper.recorded]
        keeper.begin(model)
        log = train(model, [*callbacks, keeper], until)
        shutil.rmtree(keeper.folder, ignore_errors=True)
        return log if before is None else _joined(start_step, before.curve, log)

    return resumed


@dataclass(frozen=True)
class _Checkpoint:
    """What a training goes on from.

    Args:
        state: of the model.
        curve: validation metrics by step, so far.
    """

    state: TrainingState
    curve: Mapping[str, Any]


class _Keeper(Callback):
    """Writes a checkpoint at the end of an epoch, if the last one is long ago."""

    def __init__(self, folder: Path, training: Training, callbacks: list[Any]):
        self.folder, self.training = folder, training
        self.recorders = [c for c in callbacks if isinstance(c, RecordRewindPoint)]
        self.recorded: list[RecordRewindPoint] = []
        self._before: Mapping[str, Any] = {"step": []}
        self._history: dict[str, list[float]] = {}
        self._start, self._next = 0, 0.0

    def found(self) -> _Checkpoint | None:
        """Reads the checkpoint that an earlier process left, rewind points into their recorders.

        Returns:
            `None` if there is none, or if it is damaged; then the training begins at its start.
        """
        path = self.folder / _RECORD
        try:
            record = files.unsealed(files.read_json(path), path)
            for name, sha256 in record["files"].items():
                if files.sha256_of(self.folder / name) != sha256:
                    raise CorruptFileError(f"{self.folder / name} is damaged.")
            state = read_state(self.folder / record["state"])
            points = {step: read_state(self.folder / _point(step)) for step in record["points"]}
        except (CorruptFileError, OSError):
            return None
        self.recorded = [c for c in self.recorders if c.step in points]
        for recorder in self.recorded:
            recorder.take(points[recorder.step])
        self._before = record["curve"]
        return _Checkpoint(state, record["curve"])

    def begin(self, model: Any) -> None:
        """Notes where the training begins now."""
        self._start = _optimizers.steps_done(model.optimizer)
        self._next = time.monotonic() + SECONDS

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        for name in (n for n in logs or {} if n.startswith("val_")):
            self._history.setdefault(name, []).append(float(logs[name]))
        is_last = epoch + 1 == self.params.get("epochs")
        if not is_last and time.monotonic() >= self._next:
            self._write()
            self._next = time.monotonic() + SECONDS

    def _write(self) -> None:
        """Writes the record last: it names the files that belong together."""
        state, every = capture(self.model), self.training.eval_every or 1
        measured = range(self._start + every, state.step + 1, every)
        curve = _joined(0, self._before, curve_of(self._history, measured))["curve"]
        points = [c for c in self.recorders if c in self.recorded or c.step <= state.step]
        self.folder.mkdir(parents=True, exist_ok=True)
        write_state(self.folder / f"state_{state.step}.safetensors", state)
        for recorder in points:
            write_state(self.folder / _point(recorder.step), recorder.state)
        names = [f"state_{state.step}.safetensors", *(_point(c.step) for c in points)]
        record = {
            "state": names[0],
            "points": [c.step for c in points],
            "curve": curve,
            "files": {name: files.sha256_of(self.folder / name) for name in names},
        }
        files.write_json(self.folder / _RECORD, files.sealed(record))
        for old in self.folder.glob("state_*.safetensors"):
            if old.name != names[0]:
                old.unlink()


def _is_all_known(model: Any, callbacks: list[Any]) -> bool:
    """Tells whether a training that is gone on with has the same bits."""
    if any(
        not (type(c) is EnforceMasks or (type(c) is RecordRewindPoint and c.is_known))
        for c in callbacks
    ):
        return False
    layers = (layer for _, layer, _ in _keras.walk(model))
    return _keras.flavour(model) == "keras" or not any(
        hasattr(layer, "_random_generator") for layer in layers
    )


def _digest(
    start: TrainingState, training: Training, callbacks: list[Any], until: int | None
) -> str:
    """Names a training by what tells it from the others of a run.

    Slots of the optimizer do not: those of masked weights, which count for nothing, hold one thing
    after a level before in the same process, and another read from its files.
    """
    masks = [files.digest(c.masks) for c in callbacks if isinstance(c, EnforceMasks)]
    everything = [
        files.digest({**start.weights, **start.seeds}),
        [start.step, start.learning_rate],
        [training.num_steps, training.batch_size, training.seed, training.eval_every, until],
        masks,
        sorted(c.step for c in callbacks if isinstance(c, RecordRewindPoint)),
    ]
    return hashlib.sha256(json.dumps(everything).encode()).hexdigest()[:16]


def _joined(start: int, before: Mapping[str, Any], log: Mapping[str, Any]) -> dict[str, Any]:
    """Puts the curve of the first part of a training before that of the second."""
    curve = {name: [*before.get(name, ()), *values] for name, values in log["curve"].items()}
    stop = early_stop_step(curve["step"], curve["validation_loss"])
    return {**log, "start_step": start, "early_stop_step": stop, "curve": curve}


def _point(step: int) -> str:
    return f"point_{step}.safetensors"
