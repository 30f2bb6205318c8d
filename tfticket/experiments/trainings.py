"""Trainings that several runs have in common, kept once: those of dense networks.

Two runs of a study that begin with the same network, the same batches and the same seed train the
same dense network. The second one finds it here, to the bit as it would have become.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from tfticket import _keras, _weight_decay, files, references
from tfticket.callbacks import EnforceMasks, RecordRewindPoint
from tfticket.determinism import threads
from tfticket.errors import CorruptFileError
from tfticket.experiments.environment import environment
from tfticket.experiments.fingerprints import (
    digest_of_settings,
    fingerprint_of_data,
    fingerprint_of_model,
)
from tfticket.experiments.records import read_record, write_record
from tfticket.experiments.spec import Spec
from tfticket.recipes.run import Plan
from tfticket.rewinding import TrainingState, capture, read_state, restore, write_state
from tfticket.zoo.training import Train, Training

__all__ = ["SharedTrainings"]

_RECORD, _TRAINED = "training.json", "trained.safetensors"
#: Settings that change nothing in a training, or do so through data, weights and training seed.
_WITHOUT = ("seed", "replicates", "controls", "control_levels", "export", "tflite_sparse")


@dataclass(frozen=True)
class SharedTrainings:
    """Keeps dense trainings by a digest over everything they depend on; a `Trainings`.

    Shared are trainings that a recipe calls dense, from step 0 on, in which no weight is masked,
    none but rewind points are recorded and no callbacks of the user's have a part.

    Args:
        root: folder that several runs share.
        conditions: what the trainings of a run depend on besides model and seed, in digests.
        on_note: called with a sentence when a training was found.
    """

    root: Path
    conditions: Mapping[str, Any]
    on_note: Callable[[str], None]

    @classmethod
    def of(
        cls, root: str | Path, spec: Spec, plan: Plan, on_note: Callable[[str], None]
    ) -> SharedTrainings:
        """Returns what is shared with other runs under `root`.

        Args:
            root: folder that several runs share.
            spec: of this run.
            plan: made of the spec.
            on_note: called with a sentence when a training was found.
        """
        common = {n: v for n, v in spec.common.changed().items() if n not in _WITHOUT}
        named = {n: references.digest_of(str(common[n])) for n in ("model", "data")}
        machine = {n: v for n, v in environment().items() if n != "begun"}
        conditions = {
            "common": common,
            "code": named,
            "data": fingerprint_of_data(plan.data),
            "machine": machine,
            "threads": list(threads().values()),
        }
        return cls(Path(root), conditions, on_note)

    def trained(
        self, train: Train, training: Training, model: Any, callbacks: list[Any], until: int | None
    ) -> dict[str, Any]:
        """See `Trainings`."""
        recorders = _recorders(callbacks)
        if recorders is None or training.callbacks is not None or until is not None:
            return train(model, callbacks, until)
        start = capture(model)
        if start.step:
            return train(model, callbacks, until)
        if 0 in recorders:
            recorders.pop(0).take(start)
        folder = self.root / self._digest(start, training, model, recorders)
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):  # another process may be training it at this moment
            log = self._found(folder, model, callbacks, recorders)
            if log is None:
                log = train(model, callbacks, until)
                _keep(folder, log, capture(model), recorders)
        return log

    def _digest(
        self,
        start: TrainingState,
        training: Training,
        model: Any,
        recorders: Mapping[int, RecordRewindPoint],
    ) -> str:
        everything = {
            **self.conditions,
            "start": files.digest(start.arrays()),
            "network": fingerprint_of_model(model),
            "training": [training.num_steps, training.batch_size, training.seed],
            "compiled": digest_of_settings(
                [
                    _weight_decay.configured(model),
                    model.get_compile_config() if hasattr(model, "get_compile_config") else None,
                    _keras.steps_per_execution(model),
                ]
            ),
            "rewind_points": sorted(recorders),
        }
        return hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()

    def _found(
        self,
        folder: Path,
        model: Any,
        callbacks: list[Any],
        recorders: Mapping[int, RecordRewindPoint],
    ) -> dict[str, Any] | None:
        """Leaves everything as the training left it; `None` if it is not there, or damaged."""
        if not (folder / _RECORD).is_file():
            return None
        try:
            record = read_record(folder / _RECORD)
            damaged = [
                n for n, sha in record["files"].items() if files.sha256_of(folder / n) != sha
            ]
            if damaged:
                raise CorruptFileError(f"{folder / damaged[0]} is damaged.")
            trained = read_state(folder / _TRAINED)
            points = {step: read_state(folder / _point(step)) for step in recorders}
        except (CorruptFileError, OSError) as error:
            self.on_note(f"a shared training is made anew: {error}")
            return None
        for callback in (c for c in callbacks if isinstance(c, EnforceMasks)):
            callback.set_model(model)
            callback.on_train_begin()
        restore(model, trained)
        for step, recorder in recorders.items():
            recorder.take(points[step])
        self.on_note(f"the dense network was trained before, in {folder}")
        return record["log"]


def _recorders(callbacks: list[Any]) -> dict[int, RecordRewindPoint] | None:
    """Rewind points to be recorded, by step; `None` if something else is to happen as well."""
    found = {}
    for callback in callbacks:
        if type(callback) is RecordRewindPoint and callback.is_known:
            found[callback.step] = callback
        elif not (type(callback) is EnforceMasks and callback.keeps_everything):
            return None
    return found


def _keep(
    folder: Path,
    log: Mapping[str, Any],
    trained: TrainingState,
    recorders: Mapping[int, RecordRewindPoint],
) -> None:
    write_state(folder / _TRAINED, trained)
    for step, recorder in recorders.items():
        write_state(folder / _point(step), recorder.state)
    names = [_TRAINED, *map(_point, recorders)]
    digests = {name: files.sha256_of(folder / name) for name in names}
    write_record(folder / _RECORD, {"log": dict(log), "files": digests})


def _point(step: int) -> str:
    return f"step_{step}.safetensors"
