"""run: an experiment from its spec to its files, resumed wherever it stopped."""

from __future__ import annotations

import dataclasses
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from tfticket.determinism import deterministic
from tfticket.experiments.artifacts import finish
from tfticket.experiments.beginning import begin
from tfticket.experiments.joining import joined
from tfticket.experiments.plan import notes_on
from tfticket.experiments.run_folder import RunFolder
from tfticket.experiments.spec import Spec
from tfticket.experiments.trainings import SharedTrainings
from tfticket.experiments.workers import spread
from tfticket.recipes.run import Event, Plan, run_levels
from tfticket.recipes.run.context import OnProgress
from tfticket.recipes.run.replicates import OnEvent
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
    executor: Executor | None = None,
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
        repair: whether to compute damaged levels anew instead of complaining.
        download: whether tensorflow-datasets may download what is missing.
        shared: folder in which dense trainings are kept that other runs need as well; `None` to
            train everything.
        executor: hands parts on to processes, see `experiments.workers`; `None` to train here.

    Returns:
        The outcome.

    Raises:
        ValueError: if the folder is of another spec, or the spec does not fit network and data.
        TicketError: if of several workers one is lost, or sees another folder.
        CorruptFileError: if a level is damaged and `repair` is not set; the message names files.
        DataUnavailableError: if the data are not on this machine.
    """
    with joined(Path(out), spec, is_spread=executor is not None) as own:
        folder = RunFolder(own)
        is_told = own == Path(out)  # others train the same networks
        tell = _of_run(folder, on_event if on_event and is_told else (lambda event: None))
        options = {"repair": repair, "download": download, "shared": _shared(shared, spec)}
        if executor is not None:
            _spread(folder, spec, executor, tell, **options)
        with folder.locked():
            return _trained(folder, spec, tell, on_progress, **options)


def _trained(
    folder: RunFolder,
    spec: Spec,
    tell: OnEvent,
    on_progress: OnProgress | None,
    *,
    repair: bool,
    download: bool,
    shared: Path | None,
) -> Outcome:
    begun = begin(folder, spec, repair=repair)
    for text in (*begun.notes, *begun.mended):
        tell(Event("note", text))
    if begun.outcome is not None:
        return begun.outcome
    with deterministic(begun.spec.common.seed):
        plan, notes = begun.plan(download=download)
        for text in (*notes_on(begun.spec, plan.data), *notes):
            tell(Event("note", text))
        plan = plan if shared is None else _sharing(plan, begun.spec, shared, tell)
        run_levels(plan, folder, tell, on_progress)
        tell(Event("note", "writing the files of the chosen ticket"))
        return finish(begun.spec, plan, folder, list(begun.notes))


def _shared(shared: str | Path | None, spec: Spec) -> Path | None:
    """Programs that train together would wait for each other's locks."""
    return None if shared is None or spec.common.distribution == "multi_worker" else Path(shared)


def _sharing(plan: Plan, spec: Spec, shared: Path, tell: OnEvent) -> Plan:
    found = SharedTrainings.of(shared, spec, plan, lambda text: tell(Event("note", text)))
    return dataclasses.replace(plan, trainings=found)


def _of_run(folder: RunFolder, on_event: OnEvent) -> OnEvent:
    return lambda event: on_event(dataclasses.replace(event, run=str(folder.root)))


def _spread(
    folder: RunFolder, spec: Spec, executor: Executor, tell: OnEvent, **options: Any
) -> None:
    for error in spread({folder.root: spec}, executor, tell, **options).values():
        raise error
