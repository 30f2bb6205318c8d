"""What happens in runs, handed on to a tracker of experiments while it happens."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from tfticket.experiments.records import REPORT, SPEC, read_record, write_record
from tfticket.experiments.store import LINES
from tfticket.recipes.run import Event
from tfticket.reports.results import DENSE, TICKET, Result

__all__ = ["TRACKING", "Tracked", "Tracker", "Tracking"]

#: In a run folder: under which names trackers know the run.
TRACKING = "tracking.json"
_FILES = (SPEC, REPORT, LINES, "accuracy_vs_sparsity.png")


class Tracked(Protocol):
    """One run, as a tracker keeps it."""

    @property
    def id(self) -> str:
        """What the tracker calls it."""
        ...

    def log(self, figures: Mapping[str, float], axis: str, at: int) -> None:
        """Keeps figures.

        Args:
            figures: by name.
            axis: what `at` counts: `"round"` or `"step"`.
            at: where on the axis.
        """
        ...

    def attach(self, path: Path) -> None:
        """Keeps a file."""
        ...

    def finish(self) -> None:
        """Says that nothing more comes for now."""
        ...


class Tracker(Protocol):
    """Keeps runs."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    def open(self, folder: Path, settings: Mapping[str, Any], known: str | None) -> Tracked:
        """Begins to keep a run, or goes on with it.

        Args:
            folder: of the run.
            settings: that are not at their defaults.
            known: what `Tracked.id` was before, if it was kept before.
        """
        ...


class Tracking:
    """Hands results of runs on to a tracker; to be used as `on_event`, in a `with` statement.

    A tracker that fails does not stop a run: it is warned of once, and left out from then on.

    Args:
        tracker: keeps runs; `None` keeps nothing.
    """

    def __init__(self, tracker: Tracker | None):
        self._tracker, self._runs = tracker, dict[str, Tracked]()

    def __enter__(self) -> Tracking:
        return self

    def __exit__(self, *exception: Any) -> None:
        for folder, tracked in self._runs.items():
            self._attempt(lambda: _close(tracked, Path(folder)))  # noqa: B023 (called at once)

    def __call__(self, event: Event) -> None:
        """Takes what happened.

        Args:
            event: results of it are handed on.
        """
        if event.result is not None and event.run:
            result, run = event.result, event.run
            self._attempt(lambda: _log(self._tracked(run), result))

    def _attempt(self, call: Any) -> None:
        if self._tracker is None:
            return
        try:
            call()
        except Exception as error:  # whatever it is, the run is worth more
            name, self._tracker = self._tracker.name, None
            warnings.warn(
                f"{name} failed and is left out from now on; the run goes on, and has everything"
                f" in its folder: {type(error).__name__}: {error}",
                stacklevel=2,
            )

    def _tracked(self, run: str) -> Tracked:
        if run not in self._runs:
            assert self._tracker is not None
            path, folder = Path(run) / TRACKING, Path(run)
            names = read_record(path)["names"] if path.is_file() else {}
            settings = _changed(read_record(folder / SPEC))
            tracked = self._tracker.open(folder, settings, names.get(self._tracker.name))
            write_record(path, {"names": {**names, self._tracker.name: tracked.id}})
            self._runs[run] = tracked
        return self._runs[run]


def _changed(settings: dict[str, Any]) -> dict[str, Any]:
    from tfticket.experiments.spec import Spec

    return Spec(**settings).changed()


def _log(tracked: Tracked, result: Result) -> None:
    """Hands on what a network came to by round, and its validation curve by step."""
    arm = TICKET if result.arm == DENSE else result.arm  # level 0 of the ticket
    replicate = f"replicate_{result.replicate}"
    figures = {"sparsity": result.sparsity, **result.metrics}
    found = {n: v for n, v in figures.items() if v is not None}
    name = f"networks/{replicate}/{arm}"
    tracked.log({f"{name}/{n}": v for n, v in found.items()}, "round", result.round)
    curve = result.log.get("curve") or {}
    for index, step in enumerate(curve.get("step", ())):
        values = {n: v[index] for n, v in curve.items() if n != "step"}
        found = {n: float(v) for n, v in values.items() if isinstance(v, int | float)}
        name = f"curves/{replicate}/{arm}_{result.round}"
        tracked.log({f"{name}/{n}": v for n, v in found.items()}, "step", step)


def _close(tracked: Tracked, folder: Path) -> None:
    for path in (folder / name for name in _FILES):
        if path.is_file():
            tracked.attach(path)
    tracked.finish()
