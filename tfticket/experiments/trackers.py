"""Trackers of experiments: MLflow, Weights & Biases, TensorBoard.

Where they keep things is set as with any other program: `MLFLOW_TRACKING_URI`,
`MLFLOW_EXPERIMENT_NAME`, `WANDB_PROJECT`, `WANDB_MODE` and so on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tfticket import optional
from tfticket.experiments.tracking import Tracked, Tracker

__all__ = ["TRACKERS", "tracker"]


class _Mlflow:
    """Keeps runs with MLflow, by its client: several runs may be open at once."""

    name = "mlflow"

    def __init__(self) -> None:
        self.mlflow = optional.require("mlflow", "mlflow", "mlflow", "to track with MLflow")
        self.client = self.mlflow.MlflowClient()

    def open(self, folder: Path, settings: Mapping[str, Any], known: str | None) -> Tracked:
        if known is None:
            experiment = self.mlflow.set_experiment(
                experiment_name=_environment("MLFLOW_EXPERIMENT_NAME", "tfticket")
            )
            run = self.client.create_run(experiment.experiment_id, run_name=folder.name)
            tracked = _MlflowRun(self.client, run.info.run_id)
            for name, value in settings.items():
                self.client.log_param(tracked.id, name, value)
            return tracked
        self.client.update_run(known, status="RUNNING")
        return _MlflowRun(self.client, known)


class _MlflowRun:
    def __init__(self, client: Any, name: str):
        self.client, self.id = client, name

    def log(self, figures: Mapping[str, float], axis: str, at: int) -> None:
        for name, value in figures.items():
            self.client.log_metric(self.id, name, value, step=at)

    def attach(self, path: Path) -> None:
        self.client.log_artifact(self.id, str(path))

    def finish(self) -> None:
        self.client.set_terminated(self.id)


class _Wandb:
    """Keeps runs with Weights & Biases."""

    name = "wandb"

    def __init__(self) -> None:
        purpose = "to track with Weights & Biases"
        self.wandb = optional.require("wandb", "wandb", "wandb", purpose)

    def open(self, folder: Path, settings: Mapping[str, Any], known: str | None) -> Tracked:
        run = self.wandb.init(
            project=_environment("WANDB_PROJECT", "tfticket"),
            name=folder.name,
            id=known,
            resume=None if known is None else "allow",
            config=dict(settings),
            reinit="create_new",  # a study has several open at once
        )
        return _WandbRun(run)


class _WandbRun:
    def __init__(self, run: Any):
        self.run, self.id = run, run.id
        run.define_metric("networks/*", step_metric="round")
        run.define_metric("curves/*", step_metric="step")

    def log(self, figures: Mapping[str, float], axis: str, at: int) -> None:
        self.run.log({**figures, axis: at})

    def attach(self, path: Path) -> None:
        self.run.save(str(path), base_path=str(path.parent), policy="now")

    def finish(self) -> None:
        self.run.finish()


class _TensorBoard:
    """Writes event files into `tensorboard/` of the run folder."""

    name = "tensorboard"

    def __init__(self) -> None:
        optional.require("tensorboard", "tensorboard", "tensorboard", "to write event files")

    def open(self, folder: Path, settings: Mapping[str, Any], known: str | None) -> Tracked:
        return _TensorBoardRun(folder / "tensorboard", settings if known is None else {})


class _TensorBoardRun:
    id = "tensorboard"

    def __init__(self, folder: Path, settings: Mapping[str, Any]):
        import tensorflow as tf

        self.summary = tf.summary
        self.writer = tf.summary.create_file_writer(str(folder))
        if settings:
            text = "\n".join(f"    {name}: {value}" for name, value in settings.items())
            with self.writer.as_default():
                self.summary.text("settings", text, step=0)

    def log(self, figures: Mapping[str, float], axis: str, at: int) -> None:
        with self.writer.as_default():
            for name, value in figures.items():
                self.summary.scalar(name, value, step=at)

    def attach(self, path: Path) -> None:
        """The file is in the run folder."""

    def finish(self) -> None:
        self.writer.close()


#: Trackers by name.
TRACKERS: dict[str, Callable[[], Tracker]] = {
    "mlflow": _Mlflow,
    "tensorboard": _TensorBoard,
    "wandb": _Wandb,
}


def tracker(name: str | None) -> Tracker | None:
    """Returns a tracker that is ready to keep runs.

    Args:
        name: `"mlflow"`, `"wandb"` or `"tensorboard"`; `None` returns `None`.

    Raises:
        ValueError: if there is no such tracker.
        MissingDependencyError: if its library is not installed.
    """
    if name is None:
        return None
    if name not in TRACKERS:
        raise ValueError(f"`track` must be one of {', '.join(TRACKERS)}. Received: {name!r}")
    return TRACKERS[name]()


def _environment(name: str, usual: str) -> str:
    return os.environ.get(name, usual)
