"""A run folder as a whole: whose it is, whether it is sound, and what it holds in the end."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from tfticket import files
from tfticket._version import __version__
from tfticket.errors import CorruptFileError, FormatError, TicketError
from tfticket.experiments.fingerprints import described
from tfticket.experiments.spec import Spec
from tfticket.experiments.store import LevelStore
from tfticket.recipes.run import Plan
from tfticket.reports.outcome import Outcome

__all__ = ["FORMAT", "RunFolder", "is_run_folder", "library_versions"]

_SPEC, _ENVIRONMENT, _REPORT = "spec.json", "environment.json", "report.json"
_PLAN = "plan.json"
_LOCK = ".lock"
_BEFORE_TRAINING = frozenset([_SPEC, _ENVIRONMENT, _PLAN, _LOCK])
_DRAFT = re.compile(
    r"\.(saved_model|.+\.(json|jsonl|safetensors|png|keras|tflite))\.(\w{8}|[0-9a-f]{32})"
)
#: Of run folders: settings, plan, levels and report change together.
FORMAT = "tfticket.run/2"
_LIBRARIES = ("tensorflow", "keras", "tf_keras", "numpy", "tensorflow-model-optimization")


class RunFolder(LevelStore):
    """The folder of one experiment; see `LevelStore` for what is in it.

    Args:
        root: the folder; made when an experiment begins.
    """

    def begin(self, spec: Spec) -> list[str]:
        """Makes the folder of a spec, or goes on in it.

        Args:
            spec: the experiment.

        Returns:
            Notes: how this machine differs from the one the experiment was begun on.

        Raises:
            ValueError: if the folder holds another experiment; the message says what differs.
            FileExistsError: if it holds something else.
        """
        is_begun = (self.root / _SPEC).is_file()
        if is_begun:
            self._sweep()
        present = {p.name for p in self.root.iterdir()} if self.root.exists() else set()
        if present <= _BEFORE_TRAINING:  # what failed before it is begun anew, with other settings
            files.write_json(self.root / _ENVIRONMENT, _environment())
            files.write_json(self.root / _SPEC, {"format": FORMAT, **spec.to_dict()})
            return []
        if not is_begun:
            raise FileExistsError(
                f"`out` must be new, empty or a run folder: {self.root} has other files."
            )
        differences = self.spec().differences(spec)
        if differences:
            listed = ", ".join(f"{n} ({a!r}, now {b!r})" for n, (a, b) in differences.items())
            raise ValueError(
                f"`out` must hold the same experiment: {self.root} was begun with other settings:"
                f" {listed}. Give those again, or choose another folder."
            )
        return self._changes_of_environment()

    def remember(self, plan: Plan) -> list[str]:
        """Keeps what a plan decided, with fingerprints of data, network and optimizer.

        Args:
            plan: made of the spec.

        Returns:
            Notes: what of the network differs from when the folder was begun.

        Raises:
            ValueError: if the data are others than those the folder was begun with.
        """
        path, now = self.root / _PLAN, {"format": FORMAT, **described(plan)}
        if not path.is_file():
            files.write_json(path, now)
            return []
        before = files.read_json(path)
        if not isinstance(before, dict) or set(before.get("fingerprints", ())) != set(
            now["fingerprints"]
        ):
            raise CorruptFileError(
                f"{path} is damaged: it does not say what the run was begun with. Remove it, and it"
                " is written anew."
            )
        changed = [n for n, v in now["fingerprints"].items() if before["fingerprints"][n] != v]
        if "data" in changed:
            others = _differences(before.get("pipelines", {}), now["pipelines"])
            raise ValueError(
                f"`data` must be what {self.root} was begun with: the examples are others now."
                f"{others} Choose another folder, or give back the old examples."
            )
        return [f"the {name} is not as it was when the run was begun" for name in changed]

    def spec(self) -> Spec:
        """Returns the spec the folder was begun with.

        Raises:
            FileNotFoundError: if it is no run folder.
            FormatError: if another version of tfticket wrote it.
            CorruptFileError: if the spec cannot be read.
        """
        path = self.root / _SPEC
        if not path.is_file():
            raise FileNotFoundError(f"`path` must be a run folder: there is no {path}.")
        found = files.read_json(path)
        if isinstance(found, dict) and found.get("format") != FORMAT:
            written = found.get("format", "tfticket.run/1, of tfticket 0.1")
            raise FormatError(
                f"{self.root} is a run folder of the format {written}, and this version reads"
                f" {FORMAT}: go on with it in the version that began it, or choose another folder."
            )
        try:
            return Spec(**{n: v for n, v in found.items() if n != "format"})
        except (ValueError, TypeError) as error:
            raise CorruptFileError(
                f"{path} is damaged or of another version of tfticket: {error}"
            ) from error

    def check(self) -> None:
        """Reads every file of every complete level.

        Raises:
            CorruptFileError: naming the damaged files, and what to do.
        """
        damaged = [path for paths in self.damaged().values() for path in paths]
        if damaged:
            listed = ", ".join(map(str, damaged))
            raise CorruptFileError(
                f"these files are damaged or missing: {listed}. Start again with `repair` (on the"
                " command line --repair) to compute their levels anew, and what follows from them."
            )

    def repair(self) -> list[str]:
        """Removes damaged levels and what was made of them, so that they are computed again.

        Returns:
            What was removed, in words.
        """
        gone = self.remove(self.damaged())
        if gone:
            (self.root / _REPORT).unlink(missing_ok=True)
        return [f"removed, to be computed again: {path.relative_to(self.root)}" for path in gone]

    def outcome(self) -> Outcome | None:
        """Returns the outcome of a finished run; `None` unless all its files are there.

        Raises:
            CorruptFileError: if the report cannot be read.
        """
        if not (self.root / _REPORT).is_file():
            return None
        record = files.read_json(self.root / _REPORT)
        if not isinstance(record, dict):
            raise CorruptFileError(f"{self.root / _REPORT} is damaged: it is not a report.")
        found = Outcome.from_dict({n: v for n, v in record.items() if n != "format"})
        is_whole = all((self.root / name).exists() for name in found.files)
        return found if is_whole and len(self.results()) == len(found.results) else None

    def keep_outcome(self, outcome: Outcome) -> None:
        """Writes the report: from now on the run is finished."""
        files.write_json(self.root / _REPORT, {"format": FORMAT, **outcome.to_dict()})

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps a second process out of the folder; the lock goes with the process.

        Raises:
            TicketError: if another process is at work in the folder.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.root / _LOCK)
        try:
            lock.acquire(blocking=False)
        except Timeout as error:
            raise TicketError(f"another process is at work in {self.root}.") from error
        try:
            yield
        finally:
            lock.release()

    def _sweep(self) -> None:
        """Removes what a killed process was writing: siblings of the files they were to become."""
        for path in (p for p in self.root.rglob(".*") if _DRAFT.fullmatch(p.name)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def _changes_of_environment(self) -> list[str]:
        path = self.root / _ENVIRONMENT
        before, now = (files.read_json(path) if path.is_file() else {}), _environment()
        return [
            f"{name} was {before[name]} when the run was begun and is {now[name]} now; levels"
            " computed before and after may differ in the last bits"
            for name in now
            if name != "begun" and name in before and before[name] != now[name]
        ]


def _differences(before: Any, now: Any) -> str:
    """Says what is otherwise with pipelines."""
    found = [
        f"{name}: {what} was {known.get(what)!r} and is {value!r}"
        for name, survey in now.items()
        for known in [before.get(name, {})]
        for what, value in survey.items()
        if known.get(what) != value
    ]
    return "".join(f" {text}." for text in found)


def is_run_folder(path: str | Path) -> bool:
    """Tells whether a path is a run folder.

    Args:
        path: anything.
    """
    return (Path(path) / _SPEC).is_file()


def _environment() -> dict[str, Any]:
    found: dict[str, Any] = {
        "begun": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "tfticket": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
        "num_cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0,
    }
    return {**found, **library_versions()}


def library_versions(more: Iterable[str] = ()) -> dict[str, str]:
    """Returns the installed version of each library that figures depend on.

    Args:
        more: names of other libraries.
    """
    found = {}
    for name in (*_LIBRARIES, *more):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found
