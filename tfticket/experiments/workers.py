"""Parts of runs in several processes: on this machine, or wherever an executor takes them.

A part is a replicate's levels or one control, so that parts of one run and of many are trained at
once. Each writes its levels into the run folder, as a run in one process does; a part whose worker
is lost is trained on from its last complete level.

Any `concurrent.futures.Executor` will do whose workers see the run folders under the same paths,
as `process_executor.ProcessExecutor` or `ray_executor.RayExecutor`. Workers use as many threads
of TensorFlow as the process that hands on was told to use, so that the bits are the same.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import functools
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfticket import trust
from tfticket.determinism import deterministic, set_threads, threads
from tfticket.experiments.beginning import begin
from tfticket.experiments.environment import changes, environment
from tfticket.experiments.plan import make_plan
from tfticket.experiments.records import ENVIRONMENT, read_record
from tfticket.experiments.run_folder import RunFolder
from tfticket.experiments.spec import Spec
from tfticket.experiments.trainings import SharedTrainings
from tfticket.recipes.run import Event, Part, Parts, Plan, parts_of, run_part
from tfticket.recipes.run.replicates import OnEvent, sentence_of

__all__ = ["Job", "spread", "train_part"]

#: How often folders are looked at for networks that were trained.
_SECONDS = 1.0


@dataclass(frozen=True)
class Job:
    """One part of a run, with everything that a process needs to train it.

    Args:
        place: the run folder, absolute.
        settings: of the run.
        part: which.
        threads: of TensorFlow, as `determinism.threads` returns them.
        shared: folder of trainings that other runs need as well, absolute, or `None`.
        directory: where relative names in the settings start.
        is_trusted: whether the settings may name code that is imported.
    """

    place: str
    settings: Mapping[str, Any]
    part: Part
    threads: Mapping[str, int]
    shared: str | None
    directory: str
    is_trusted: bool


def train_part(job: Job) -> tuple[str, ...]:
    """Trains a part, in whatever process; what is complete in its folder is not trained again.

    Args:
        job: the part.

    Returns:
        Notes: how this machine differs from the one the run was begun on, and what was found.
    """
    set_threads(**job.threads)
    os.chdir(job.directory)
    trust.trusting.set(job.is_trusted)
    folder, spec = RunFolder(job.place), Spec(**job.settings)
    notes = changes(read_record(folder.root / ENVIRONMENT), environment())
    with deterministic(spec.common.seed):
        plan = _plan_of(json.dumps(job.settings, sort_keys=True))
        notes += folder.remember(plan)
        if job.shared is not None:
            shared = SharedTrainings.of(job.shared, spec, plan, notes.append)
            plan = dataclasses.replace(plan, trainings=shared)
        run_part(plan, folder, job.part)
    return tuple(notes)


@functools.lru_cache(maxsize=1)
def _plan_of(settings: str) -> Plan:
    """Makes the plan once for parts of one run that come to the same process."""
    return make_plan(Spec(**json.loads(settings)))


def spread(
    specs: Mapping[Path, Spec],
    executor: concurrent.futures.Executor,
    on_event: OnEvent,
    *,
    shared: Path | None = None,
    repair: bool = False,
    download: bool = False,
) -> dict[Path, BaseException]:
    """Has every level and control of some runs trained that is not in their folders.

    Args:
        specs: of the runs, by folder.
        executor: hands parts on to workers, which see the run folders under the same paths. They
            get as many threads of TensorFlow as this process was told to use.
        on_event: told what happens.
        shared: folder in which dense trainings are kept that several runs need.
        repair: whether to remove what is damaged, so that it is made again.
        download: whether tensorflow-datasets may download what is missing, on this machine.

    Returns:
        What went wrong, by the folder of the run; its other parts that were begun are complete.
    """
    failed: dict[Path, BaseException] = {}
    with ExitStack() as locks:
        begun: dict[Path, tuple[Parts, Callable[[Part], Job]]] = {}
        for place, spec in specs.items():
            folder = RunFolder(place)
            try:
                locks.enter_context(folder.locked())
                if (found := _begun(folder, spec, repair=repair, download=download)) is None:
                    continue
                parts, settings = found
                begun[place] = parts, _jobs(place, settings, shared)
            except Exception as error:  # whatever it is, the other runs are worth training
                failed[place] = error
        _Spread(begun, executor, on_event, failed).train()
    return failed


def _begun(
    folder: RunFolder, spec: Spec, *, repair: bool, download: bool
) -> tuple[Parts, Mapping[str, Any]] | None:
    begun = begin(folder, spec, repair=repair)
    if begun.outcome is not None:
        return None
    with deterministic(begun.spec.common.seed):
        plan, _ = begun.plan(download=download)
        return parts_of(plan, folder), begun.spec.to_dict()


def _jobs(place: Path, settings: Mapping[str, Any], shared: Path | None) -> Callable[[Part], Job]:
    def job(part: Part) -> Job:
        return Job(
            place=str(place.resolve()),
            settings=settings,
            part=part,
            threads=threads(),
            shared=None if shared is None else str(shared.resolve()),
            directory=os.getcwd(),
            is_trusted=trust.trusting.get(),
        )

    return job


class _Spread:
    """Parts of runs on their way to workers and back."""

    def __init__(
        self,
        begun: Mapping[Path, tuple[Parts, Callable[[Part], Job]]],
        executor: concurrent.futures.Executor,
        on_event: OnEvent,
        failed: dict[Path, BaseException],
    ):
        self.begun, self.executor, self.tell, self.failed = begun, executor, on_event, failed
        self.waiting: dict[concurrent.futures.Future[Any], tuple[Path, Part]] = {}
        self.seen = {place: set(RunFolder(place).complete()) for place in begun}
        self.num_planned = sum(parts.num_networks for parts, _ in begun.values())
        self.notes: set[str] = set()

    def train(self) -> None:
        """Waits until everything is trained; what is complete meanwhile is told."""
        for place, part in _mixed({p: parts.levels for p, (parts, _) in self.begun.items()}):
            self._submit(place, part)
        for place, (parts, _) in self.begun.items():
            has_levels = {part.replicate for part in parts.levels}
            for control in (c for c in parts.controls if c.replicate not in has_levels):
                self._submit(place, control)
        try:
            while self.waiting:
                first = concurrent.futures.FIRST_COMPLETED
                ended, _ = concurrent.futures.wait(self.waiting, _SECONDS, return_when=first)
                self._look()
                for future in ended:
                    self._end(future)
        except BaseException:  # as when interrupted
            for future in self.waiting:
                future.cancel()
            raise

    def _submit(self, place: Path, part: Part) -> None:
        try:
            future = self.executor.submit(train_part, self.begun[place][1](part))
        except Exception as error:  # a pool that lost a process takes nothing any more
            self.failed.setdefault(place, error)
        else:
            self.waiting[future] = place, part

    def _end(self, future: concurrent.futures.Future[Any]) -> None:
        place, part = self.waiting.pop(future)
        error = future.exception()
        if error is not None:
            error = getattr(error, "cause", None) or error  # Ray's has it inside
            self.failed.setdefault(place, error)
            self.tell(Event("note", f"failed: {place.name}, {part}: {error}"))
            return
        for note in (n for n in future.result() if n not in self.notes):
            self.notes.add(note)
            self.tell(Event("note", note))
        if part.control is None and place not in self.failed:
            for control in self.begun[place][0].controls:
                if control.replicate == part.replicate:
                    self._submit(place, control)

    def _look(self) -> None:
        """Tells of every network that was trained since it last looked."""
        for place, seen in self.seen.items():
            folder = RunFolder(place)
            for complete in (c for c in folder.complete() if c not in seen):
                seen.add(complete)
                result = folder.result_in(complete)
                num_done = sum(map(len, self.seen.values()))
                text = f"{place.name}: {sentence_of(result)}"
                event = Event("result", text, num_done, self.num_planned, result, str(place))
                self.tell(event)


def _mixed(parts: Mapping[Path, Sequence[Part]]) -> Iterable[tuple[Path, Part]]:
    """Orders levels so that replicates that share a dense training do not begin together."""
    found = [
        (index - part.replicate, index, place, part)
        for index, (place, of_run) in enumerate(parts.items())
        for part in of_run
    ]
    num = max((part.replicate for *_, part in found), default=0) + 1
    ordered = sorted(found, key=lambda item: (item[0] % num, item[1]))
    return [(place, part) for _, _, place, part in ordered]
