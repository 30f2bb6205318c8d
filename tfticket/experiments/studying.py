"""run_study: every run of a study, one after the other, resumed wherever it stopped."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfticket.determinism import deterministic
from tfticket.errors import CorruptFileError, TicketError
from tfticket.experiments.comparing import compare
from tfticket.experiments.growing import Asked, grown, try_controls
from tfticket.experiments.plan import checked, data_kept, make_plan
from tfticket.experiments.run_folder import RunFolder
from tfticket.experiments.runner import run
from tfticket.experiments.study import SHARED, Study, require_room
from tfticket.experiments.workers import spread
from tfticket.recipes.run import Event
from tfticket.recipes.run.context import OnProgress
from tfticket.recipes.run.replicates import OnEvent
from tfticket.reports.comparison import Comparison

__all__ = ["StudyOutcome", "check_study", "run_study"]


@dataclass(frozen=True)
class StudyOutcome:
    """What a study found.

    Args:
        comparison: of the runs that are finished; `None` if none is.
        failed: runs that ended with an error, and which.
    """

    comparison: Comparison | None
    failed: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as plain JSON values."""
        found = None if self.comparison is None else self.comparison.to_dict()
        return {"comparison": found, "failed": dict(self.failed)}

    def __str__(self) -> str:
        shown = [] if self.comparison is None else [str(self.comparison)]
        return "\n".join([*shown, *(f"Failed: {name}: {why}" for name, why in self.failed.items())])


@data_kept()
def run_study(
    study: Study,
    out: str | Path,
    *,
    on_event: OnEvent | None = None,
    on_progress: OnProgress | None = None,
    executor: Executor | None = None,
    **options: Any,
) -> StudyOutcome:
    """Runs every point of a study that is not finished, each in its folder below `out`.

    What is there is not trained again: neither runs, levels and controls of an earlier time, nor a
    dense network that several runs begin with. All runs are checked before the first is trained; a
    run that fails later is told at the end, and the others go on.

    Args:
        study: as `read_study` returns it.
        out: the folder of the study; several studies may share one.
        on_event: told what happens.
        on_progress: told now and then how far a training is.
        executor: hands replicates and controls of all runs on to processes, as
            `experiments.runner.run` takes it.
        options: `repair` and `download`, as `experiments.runner.run` takes them.

    Raises:
        ValueError: if the settings of a run do not fit its network and data.
        FileExistsError: if `out` is a file or a run folder.
    """
    out = Path(out)
    require_room(out)
    tell = on_event or (lambda event: None)
    places = {name: out / name for name in study.specs}
    check_study(study, out, on_event=tell, download=bool(options.get("download", False)))
    out.mkdir(parents=True, exist_ok=True)
    study.keep(out)
    failed: dict[str, str] = {}
    if executor is not None:
        specs = {place: study.specs[name] for name, place in places.items()}
        errors = spread(specs, executor, tell, shared=out / SHARED, **options)
        failed |= {place.name: _sentence(error) for place, error in errors.items()}
    for number, (name, place) in enumerate(places.items(), 1):
        if name in failed:
            continue
        tell(Event("note", f"run {number} of {len(places)}: {name}"))
        shown_by = {"on_event": tell, "on_progress": on_progress, "shared": out / SHARED}
        try:
            found = run(study.specs[name], place, **shown_by, **options)
            for file, why in found.skipped.items():
                tell(Event("note", f"skipped: {file}: {why}"))
        except Exception as error:  # whatever it is, the other runs are worth finishing
            failed[name] = _sentence(error)
            tell(Event("note", f"failed: {name}: {failed[name]}"))
    finished = [place for name, place in places.items() if name not in failed]
    return StudyOutcome(compare(finished) if finished else None, failed)


def _sentence(error: BaseException) -> str:
    is_sentence = isinstance(error, (TicketError, ValueError, OSError))
    return str(error) if is_sentence else f"{type(error).__name__}: {error}"


def check_study(
    study: Study, out: str | Path, *, on_event: OnEvent | None = None, download: bool = False
) -> None:
    """Makes sure that every run of a study can begin, or go on with more; nothing is written.

    Args:
        study: as `read_study` returns it.
        out: the folder of the study.
        on_event: told which run is looked at.
        download: whether tensorflow-datasets may download what is missing.

    Raises:
        ValueError: if the settings of a run do not fit its network and data.
        DataUnavailableError: if the data are not on this machine.
    """
    tell = on_event or (lambda event: None)
    for number, (name, spec) in enumerate(study.specs.items(), 1):
        folder = RunFolder(Path(out) / name)
        try:
            asked = grown(folder.root, spec) if folder.has_levels() else Asked(spec, (), spec)
        except CorruptFileError:
            continue  # the run itself says what to do
        if asked.is_more or not folder.has_levels():
            tell(Event("note", f"checking run {number} of {len(study.specs)}: {name}"))
            _check(study, name, folder, asked, download=download)


def _check(study: Study, name: str, folder: RunFolder, asked: Asked, *, download: bool) -> None:
    with study.blaming(name), deterministic(asked.spec.common.seed):
        plan = make_plan(asked.spec, download=download)
        last = checked(dataclasses.replace(plan, branches=asked.branches))
        try_controls(plan, folder, [(c, v or last) for c, v in asked.new])
