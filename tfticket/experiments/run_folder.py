"""A run folder as a whole: whose it is, whether it is sound, and what it holds in the end."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfticket import trust
from tfticket.errors import CorruptFileError
from tfticket.experiments.drafts import is_draft, sweep
from tfticket.experiments.environment import changes, environment
from tfticket.experiments.fingerprints import compared, described
from tfticket.experiments.growing import add_branches, branches_of, branches_there
from tfticket.experiments.products import damaged_products, digests
from tfticket.experiments.records import (
    BRANCHES,
    ENVIRONMENT,
    PLAN,
    REPORT,
    SPEC,
    differences,
    read_record,
    write_record,
)
from tfticket.experiments.spec import Spec
from tfticket.experiments.store import LINES, LevelStore
from tfticket.locking import LOCK, locked
from tfticket.reports.outcome import Outcome

if TYPE_CHECKING:
    from tfticket.recipes.run import Plan

__all__ = ["RunFolder"]

_BEFORE_TRAINING = frozenset([SPEC, ENVIRONMENT, PLAN, LOCK])
_PRODUCTS = "products"
#: Settings that may name code.
_CODE = ("recipe", "model", "data", "callbacks")


class RunFolder(LevelStore):
    """The folder of one experiment; see `LevelStore` for what is in it.

    Args:
        root: the folder; made when an experiment begins.
    """

    def begin(self, spec: Spec) -> list[str]:
        """Makes the folder of a spec, or goes on in it.

        One in which no level is complete is begun anew, with whatever settings; with the same ones
        a training that was stopped in its middle goes on.

        Args:
            spec: the experiment.

        Returns:
            Notes: how this machine differs from the one the experiment was begun on.

        Raises:
            ValueError, FileExistsError, FormatError, CorruptFileError: as `require_fitting` does.
        """
        is_new = self.require_fitting(spec)
        sweep(self.root)
        if is_new:
            self._begin_anew(spec)
            return []
        return self._changes_of_environment()

    def require_fitting(self, spec: Spec) -> bool:
        """Makes sure that a spec can be begun in the folder or gone on with; nothing is written.

        Args:
            spec: the experiment.

        Returns:
            Whether it is to be begun anew.

        Raises:
            ValueError: if the folder holds another experiment; the message says what differs.
            FileExistsError: if it holds something else.
            FormatError: if another version of tfticket wrote it.
            CorruptFileError: if its settings cannot be read.
        """
        if self.root.exists() and not self.root.is_dir():
            raise FileExistsError(f"`out` must be a folder, or be free: {self.root} is a file.")
        is_begun = (self.root / SPEC).is_file()
        there = self.root.iterdir() if self.root.exists() else ()
        present = {path.name for path in there if not is_draft(path.name)}
        if not is_begun and PLAN in present:
            raise CorruptFileError(
                f"{self.root / SPEC} is missing. Start again with `repair` (on the command line"
                " --repair) to write it anew."
            )
        if not is_begun and present - _BEFORE_TRAINING:
            raise FileExistsError(
                f"`out` must be new, empty or a run folder: {self.root} has other files."
            )
        if not is_begun:
            return True
        different = differences(read_record(self.root / SPEC), spec.to_dict())
        is_empty = REPORT not in present and not self.has_levels()
        if is_empty and (different or not self._unfinished()):
            return True
        if different:
            listed = ", ".join(f"{n} ({a!r}, now {b!r})" for n, (a, b) in different.items())
            raise ValueError(
                f"`out` must hold the same experiment: {self.root} was begun with other settings:"
                f" {listed}. Give those again, or choose another folder."
            )
        return False

    def remember(self, plan: Plan) -> list[str]:
        """Keeps what a plan decided, with fingerprints of data, network and optimizer.

        Args:
            plan: made of the spec.

        Returns:
            Notes: with how many threads the folder was begun, if with another number.

        Raises:
            ValueError: if data, network or optimizer are others than those the folder was begun
                with, or the plan decides something else; the message says what.
        """
        path, now = self.root / PLAN, described(plan)
        if not path.is_file():
            write_record(path, now)
            return []
        return compared(read_record(path), now, self.root)

    def forget_unfinished(self) -> bool:
        """Removes the plan and what was left in the middle, where no level is complete.

        Returns:
            Whether there was something that may go.
        """
        unfinished = [] if self.has_levels() else self._unfinished()
        for folder in unfinished:
            shutil.rmtree(folder)
        if unfinished:
            (self.root / PLAN).unlink(missing_ok=True)
        return bool(unfinished)

    def settings(self) -> dict[str, Any]:
        """Returns every setting the folder was begun with; nothing they name is imported.

        Raises:
            FileNotFoundError: if it is no run folder.
            FormatError: if another version of tfticket wrote it.
            CorruptFileError: if the settings cannot be read.
        """
        path = self.root / SPEC
        if not path.is_file():
            raise FileNotFoundError(f"`path` must be a run folder: there is no {path}.")
        return read_record(path)

    def spec(self) -> Spec:
        """Returns the spec the folder was begun with.

        Raises:
            FileNotFoundError, FormatError, CorruptFileError: as `settings` does.
            ValueError: if they name code, and the folder is not trusted.
        """
        found = self.settings()
        branches = [b.control for b in branches_of(self.root)]
        named = [*(found.get(name) for name in _CODE), *(found.get("controls") or ()), *branches]
        trust.require_code(self.root, named)
        try:
            return Spec(**found)
        except (ValueError, TypeError) as error:
            raise CorruptFileError(
                f"{self.root / SPEC} is damaged or of another version of tfticket: {error}"
            ) from error

    def check(self) -> None:
        """Reads every file of every complete level, and every file of a finished run.

        Raises:
            CorruptFileError: naming the damaged files, and what to do.
        """
        damaged = [path for paths in self.damaged().values() for path in paths]
        damaged += self._damaged_records() + self._damaged_products()
        if damaged:
            listed = ", ".join(map(str, damaged))
            raise CorruptFileError(
                f"these files are damaged or missing: {listed}. Start again with `repair` (on the"
                " command line --repair) to compute their levels anew, and what follows from them."
            )

    def repair_records(self, spec: Spec) -> list[str]:
        """Puts records that cannot be read in order: of what was begun, what begins it now.

        Args:
            spec: the experiment.

        Returns:
            What was done, in words.

        Raises:
            FormatError: if another version of tfticket wrote one.
        """
        damaged, settings = self._damaged_records(), self.root / SPEC
        for path in damaged:
            path.unlink()
        if self.root / BRANCHES in damaged:
            add_branches(self.root, branches_there(self.root))
        if not settings.is_file() and (self.root / PLAN).is_file():
            shutil.rmtree(settings, ignore_errors=True)
            write_record(settings, spec.to_dict())
        return [f"damaged, to be written anew: {path.name}" for path in damaged]

    def repair(self) -> list[str]:
        """Removes what is damaged, and what was made of it, so that it is made again.

        Returns:
            What was removed, in words.
        """
        gone = [*self._damaged_products(), *self.remove(self.damaged())]
        gone += self._unfinished()  # what is in it, its recipe knows
        for path in gone:
            path.unlink(missing_ok=True) if not path.is_dir() else shutil.rmtree(path)
        if gone:
            (self.root / REPORT).unlink(missing_ok=True)
        return [f"removed, to be made again: {path.relative_to(self.root)}" for path in gone]

    def outcome(self) -> Outcome | None:
        """Returns the outcome of a finished run; `None` unless all its files are there.

        Raises:
            CorruptFileError: if the report cannot be read.
        """
        if not (self.root / REPORT).is_file():
            return None
        record = read_record(self.root / REPORT)
        is_whole = all((self.root / name).is_file() for name in record.pop(_PRODUCTS))
        found = Outcome.from_dict(record)
        return found if is_whole and len(self.results()) == len(found.results) else None

    def keep_outcome(self, outcome: Outcome) -> None:
        """Writes the report, with a digest of everything it names: the run is finished."""
        self.write_lines()
        products = digests(self.root, [*outcome.files, LINES])
        write_record(self.root / REPORT, {**outcome.to_dict(), _PRODUCTS: products})

    def keep_export(self, name: str, report: Mapping[str, Any], num_bytes: int) -> None:
        """Adds a file to the report of a finished run, in the place of one of the same name.

        Args:
            name: of a file or folder in the folder.
            report: of its exporter.
            num_bytes: its size.
        """
        path = self.root / REPORT
        if not path.is_file():
            return
        record = read_record(path)
        record["files"][name], record["exports"][name] = num_bytes, {**report, "path": name}
        rest = {n: d for n, d in record[_PRODUCTS].items() if Path(n).parts[0] != name}
        write_record(path, {**record, _PRODUCTS: {**rest, **digests(self.root, [name])}})

    def _unfinished(self) -> list[Path]:
        return sorted(self.root.glob("replicate_*/unfinished"))

    def _damaged_records(self) -> list[Path]:
        damaged = []
        for path in (self.root / n for n in (SPEC, PLAN, ENVIRONMENT, BRANCHES, REPORT)):
            try:
                if path.is_file():
                    read_record(path)
            except CorruptFileError:
                damaged.append(path)
        return damaged

    def _damaged_products(self) -> list[Path]:
        path = self.root / REPORT
        if not path.is_file() or path in self._damaged_records():
            return []
        return damaged_products(self.root, read_record(path)[_PRODUCTS])

    def _begin_anew(self, spec: Spec) -> None:
        for path in (*self.root.glob("replicate_*"), self.root / "controls"):
            shutil.rmtree(path, ignore_errors=True)
        for name in (PLAN, BRANCHES, LINES):
            (self.root / name).unlink(missing_ok=True)
        write_record(self.root / ENVIRONMENT, environment())
        write_record(self.root / SPEC, spec.to_dict())

    def locked(self) -> AbstractContextManager[None]:
        """Keeps a second process out of the folder, see `locking.locked`."""
        return locked(self.root)

    def _changes_of_environment(self) -> list[str]:
        path, now = self.root / ENVIRONMENT, environment()
        if not path.is_file():
            write_record(path, now)
        return changes(read_record(path), now)
