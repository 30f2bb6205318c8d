"""What a ticket or a run consists of, told from its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfticket.experiments.records import is_run_folder
from tfticket.experiments.run_folder import RunFolder
from tfticket.reports import Profile, Result, profile, results_table
from tfticket.reports.outcome import Outcome
from tfticket.tickets import Ticket

__all__ = ["Description", "describe", "is_ticket"]


@dataclass(frozen=True)
class Description:
    """A ticket's profile, with the results of its run if it is a run.

    Args:
        path: of the folder.
        profile: of the ticket; `None` for a run that has none yet.
        provenance: how the ticket was found.
        results: of every trained network of a run.
        outcome: of a finished run.
    """

    path: str
    profile: Profile | None = None
    provenance: Any = None
    results: tuple[Result, ...] = ()
    outcome: Outcome | None = None

    def to_dict(self) -> dict[str, Any]:
        """Returns the description as plain JSON values."""
        return {
            "path": self.path,
            "profile": self.profile.to_dict() if self.profile else None,
            "provenance": self.provenance,
            "finished": self.outcome is not None,
            "outcome": self.outcome.to_dict() if self.outcome else None,
            "results": [r.to_dict() for r in self.results],
        }

    def __str__(self) -> str:
        parts = [str(self.profile)] if self.profile else []
        if self.outcome and self.profile and self.profile.num_kept == self.profile.num_weights:
            # Of a factorised network, for one: the notes of the outcome say what is smaller in it.
            parts = [f"No weight is masked of {self.profile.num_weights:,} prunable ones."]
        if self.outcome:
            parts.append(self.outcome.text(self.path))
        elif self.results:
            parts += [results_table(self.results), "This run is not finished."]
        elif not self.profile:
            parts.append(f"{self.path} is a run without a finished level.")
        return "\n\n".join(parts)


def is_ticket(path: str | Path) -> bool:
    """Tells whether a path is the folder of a ticket.

    Args:
        path: anything.
    """
    return (Path(path) / "manifest.json").is_file()


def describe(path: str | Path) -> Description:
    """Describes a ticket or a run.

    Args:
        path: folder of a ticket or a run.

    Raises:
        FileNotFoundError: if it is neither.
        CorruptFileError: if a file is damaged; the message names it.
    """
    path = Path(path)
    if not is_run_folder(path):
        if not is_ticket(path):
            raise FileNotFoundError(
                f"`path` must be the folder of a ticket or a run. Received: path={str(path)!r}"
            )
        ticket = Ticket.load(path)
        return Description(str(path), profile(ticket), dict(ticket.provenance))
    folder = RunFolder(path)
    folder.settings()
    folder.check()
    outcome = folder.outcome()
    if outcome is None:
        return Description(str(path), results=tuple(folder.results()))
    ticket = Ticket.load(path / "ticket")
    return Description(
        str(path), profile(ticket), dict(ticket.provenance), outcome.results, outcome
    )
