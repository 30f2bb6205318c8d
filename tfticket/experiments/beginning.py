"""What comes before the first training of a run: whose folder it is, and what it asks for."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from tfticket.experiments.growing import Asked, asked_of, try_controls
from tfticket.experiments.plan import checked, make_plan
from tfticket.experiments.records import ENVIRONMENT, PLAN, SPEC
from tfticket.experiments.run_folder import RunFolder
from tfticket.experiments.spec import Spec
from tfticket.recipes.run import Plan
from tfticket.reports.outcome import Outcome

__all__ = ["Beginning", "begin"]


@dataclass(frozen=True)
class Beginning:
    """A run that was begun, now or earlier.

    Args:
        folder: of it, locked.
        asked: what it is to hold, with what was asked for before.
        notes: how this machine differs from the one it was begun on.
        mended: what was written anew or removed.
        outcome: of a finished run, otherwise `None`.
    """

    folder: RunFolder
    asked: Asked
    notes: tuple[str, ...]
    mended: tuple[str, ...]
    outcome: Outcome | None

    @property
    def spec(self) -> Spec:
        """What the folder is to hold."""
        return self.asked.spec

    def plan(self, *, download: bool = False) -> tuple[Plan, list[str]]:
        """Makes the plan, and keeps it in the folder or compares it with the one that is there.

        What is asked for besides is kept when it is known to be possible.

        Args:
            download: whether tensorflow-datasets may download what is missing.

        Returns:
            The plan, and with how many threads the folder was begun, if with another number.

        Raises:
            ValueError: if spec, network and data do not fit, or are not those of the folder.
            DataUnavailableError: if the data are not on this machine.
        """
        try:
            plan = make_plan(self.spec, download=download)
        except Exception:
            self._forget()
            raise
        plan = dataclasses.replace(plan, branches=self.asked.branches)
        if self.asked.is_more:
            last = checked(plan)
            try_controls(plan, self.folder, [(c, v or last) for c, v in self.asked.new])
        try:
            notes = self.folder.remember(plan)
        except ValueError:
            if not self.folder.forget_unfinished():  # with it, nothing of what was before is left
                raise
            notes = self.folder.remember(plan)
        if self.asked.is_more:
            self.asked.keep(self.folder.root)
        return plan, notes

    def _forget(self) -> None:
        """Leaves no run behind where none could begin."""
        root = self.folder.root
        if not self.folder.has_levels() and not (root / PLAN).exists():
            for name in (SPEC, ENVIRONMENT):
                (root / name).unlink(missing_ok=True)


def begin(folder: RunFolder, spec: Spec, *, repair: bool = False) -> Beginning:
    """Begins a run in its folder, or goes on with it; every file that is there is checked.

    Args:
        folder: locked.
        spec: what is asked for.
        repair: whether to remove what is damaged, so that it is made again.

    Raises:
        ValueError: if the folder is of another spec.
        CorruptFileError: if a file is damaged and `repair` is not set; the message names files.
    """
    mended = folder.repair_records(spec) if repair else []
    asked = asked_of(folder, spec)
    notes = folder.begin(asked.before)
    mended += folder.repair() if repair else folder.check() or []
    outcome = None if asked.is_more else folder.outcome()
    return Beginning(folder, asked, tuple(notes), tuple(mended), outcome)
