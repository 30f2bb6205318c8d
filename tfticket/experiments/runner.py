"""run: an experiment from its spec to its files, resumed wherever it stopped."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from tfticket.determinism import deterministic
from tfticket.errors import CorruptFileError
from tfticket.experiments.artifacts import finish
from tfticket.experiments.growing import grown
from tfticket.experiments.plan import make_plan, notes_on
from tfticket.experiments.run_folder import RunFolder
from tfticket.experiments.spec import Spec
from tfticket.experiments.trainings import SharedTrainings
from tfticket.recipes.run.context import OnProgress
from tfticket.recipes.run.levels import Branch, Event, OnEvent, Plan, run_levels
from tfticket.reports.outcome import Outcome

__all__ = ["run"]


def run(
    spec: Spec,
    out: str | Path,
    *,
    on_event: OnEvent | None = None,
    on_progress: OnProgress | None = None,
    repair: bool = False,
    download: bool = False,
    shared: str | Path | None = None,
) -> Outcome:
    """Runs an experiment, or goes on with it where it stopped.

    Every level is on disk once it is trained. A run that was killed goes on after its last
    complete level when it is started again, and on a CPU ends with the same bits as one that was
    not: operations are deterministic and everything random is seeded. A finished run is read. One
    that is asked for more replicates, controls or files than before trains and writes these.

    Args:
        spec: the experiment.
        out: the run folder; new, empty, or of the same spec.
        on_event: told what happens.
        on_progress: told now and then how far a training is.
        repair: whether to compute damaged levels anew, and what was made of them, instead of
            complaining.
        download: whether tensorflow-datasets may download what is missing.
        shared: folder in which dense trainings are kept that other runs need as well; `None` to
            train everything.

    Returns:
        The outcome.

    Raises:
        ValueError: if the folder is of another spec, or the spec does not fit network and data.
        CorruptFileError: if a level is damaged and `repair` is not set; the message names files.
        DataUnavailableError: if the data are not on this machine.
    """
    folder, tell = RunFolder(out), on_event or (lambda event: None)
    with folder.locked():
        rewritten = folder.repair_records(spec) if repair else []
        spec, branches = _grown(folder, spec)
        notes = folder.begin(spec)
        removed = folder.repair() if repair else folder.check() or []
        for text in (*rewritten, *notes, *removed):
            tell(Event("note", text))
        finished = folder.outcome()
        if finished is not None:
            return finished
        with deterministic(spec.common.seed):
            plan = dataclasses.replace(make_plan(spec, download=download), branches=branches)
            plan = plan if shared is None else _sharing(plan, spec, Path(shared), tell)
            for text in (*notes_on(spec, plan.data), *folder.remember(plan)):
                tell(Event("note", text))
            run_levels(plan, folder, tell, on_progress)
            tell(Event("note", "writing the files of the chosen ticket"))
            return finish(spec, plan, folder, notes)


def _grown(folder: RunFolder, spec: Spec) -> tuple[Spec, tuple[Branch, ...]]:
    if not folder.has_levels():
        return spec, ()
    try:
        return grown(folder.root, spec)
    except CorruptFileError as error:
        advice = "Start again with `repair` (on the command line --repair) to write it anew."
        raise CorruptFileError(f"{error} {advice}") from error


def _sharing(plan: Plan, spec: Spec, shared: Path, tell: OnEvent) -> Plan:
    found = SharedTrainings.of(shared, spec, plan, lambda text: tell(Event("note", text)))
    return dataclasses.replace(plan, trainings=found)
