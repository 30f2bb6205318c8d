"""The outcome of an experiment: every figure, what was chosen and why, what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tfticket.errors import CorruptFileError
from tfticket.reports.results import DENSE, TICKET, Result, best, summarize
from tfticket.reports.tables import results_table, same_budget, value_text
from tfticket.tables import aligned

__all__ = ["Outcome", "choose", "remarks", "smaller_network"]


@dataclass(frozen=True)
class Outcome:
    """What an experiment found.

    Args:
        results: of every trained network.
        chosen: of the ticket to use: the one with the best *validation* among the replicates, at
            the last level.
        files: sizes in bytes of what was written, by name.
        skipped: what was not written or done, and why.
        notes: what has to be said with the figures.
        exports: what the exporters reported, by name of the file.
    """

    results: tuple[Result, ...]
    chosen: Result
    files: Mapping[str, int] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    exports: Mapping[str, Any] = field(default_factory=dict)

    @property
    def num_replicates(self) -> int:
        """How many replicates the figures are of."""
        return len({r.replicate for r in self.results})

    @property
    def choice(self) -> str:
        """What was chosen, and why, in words."""
        if self.num_replicates == 1:
            among = "the only replicate"
        else:
            among = f"best validation of {self.num_replicates} replicates"
        return f"replicate {self.chosen.replicate}, level {self.chosen.round}: {among}"

    def at_level(self, round_: int) -> list[Result]:
        """Returns the dense networks, and every ticket and control of a level."""
        return [r for r in self.results if r.arm == DENSE or r.round == round_]

    @property
    def budget(self) -> str:
        """For how many steps the networks beside the chosen one were trained, in words."""
        shown = summarize(self.at_level(self.chosen.round))
        steps = {
            s.arm: value_text(s, "trained_steps") for s in shown if "trained_steps" in s.statistics
        }
        if not steps:
            return ""
        if same_budget(shown):
            return (
                f"Equal budgets: every network was trained for {next(iter(steps.values()))} steps."
            )
        listed = ", ".join(f"{arm.replace('_', ' ')} {number}" for arm, number in steps.items())
        return f"Budgets differ, in steps of training: {listed}."

    def to_dict(self) -> dict[str, Any]:
        """Returns the outcome as plain JSON values, means over replicates included."""
        return {
            "num_replicates": self.num_replicates,
            "budget": self.budget,
            "chosen": {**self.chosen.to_dict(), "why": self.choice},
            "summaries": [s.to_dict() for s in summarize(self.results)],
            "files": dict(self.files),
            "skipped": dict(self.skipped),
            "notes": list(self.notes),
            "exports": dict(self.exports),
            "results": [r.to_dict() for r in self.results],
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Outcome:
        """Makes the outcome that `to_dict` described.

        Raises:
            CorruptFileError: if something is missing.
        """
        try:
            chosen = {k: v for k, v in record["chosen"].items() if k != "why"}
            return cls(
                results=tuple(Result(**r) for r in record["results"]),
                chosen=Result(**chosen),
                files=record["files"],
                skipped=record["skipped"],
                notes=tuple(record["notes"]),
                exports=record["exports"],
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise CorruptFileError(f"this is no record of an outcome: {error!r}") from error

    def text(self, folder: str | Path | None = None) -> str:
        """Renders everything that a reader has to know, figures first.

        Args:
            folder: where the files are.
        """
        count, last = self.num_replicates, self.chosen.round
        spread = "mean ± standard deviation over" if count > 1 else "no spread known from"
        lines = []
        if any(r.round not in (0, last) for r in self.results):
            lines += [results_table(self.results), ""]
        lines += [
            f"At sparsity {self.chosen.sparsity:.4f}, beside dense:",
            results_table(self.at_level(last)),
            "",
            f"{spread} {count} replicate{'s' if count > 1 else ''}; test figures are measured once"
            " after each training and not used for any choice.",
            *filter(None, [self.budget]),
            f"Chosen: {self.choice}.",
            *(f"Note: {note}" for note in self.notes),
            *(f"Skipped: {name}: {reason}" for name, reason in self.skipped.items()),
        ]
        return "\n".join([*lines, *self._files(folder)])

    def files_table(self, folder: str | Path | None = None) -> tuple[list[str], list[list[str]]]:
        """Returns header and rows, as text: every file and its sizes.

        Args:
            folder: where the files are.
        """
        root = "" if folder is None else f"{folder}/"
        rows = [
            [f"{root}{name}", f"{size:,}", *_sizes(self.exports.get(name, {}))]
            for name, size in self.files.items()
        ]
        return ["file", "bytes", "gzip -9", "bytes if dense"], rows

    @property
    def export_notes(self) -> list[str]:
        """What exporters said of the files."""
        return [f"{n}: {note}." for n, e in self.exports.items() for note in e.get("notes", ())]

    def _files(self, folder: str | Path | None) -> list[str]:
        if not self.files:
            return []
        return ["", aligned(*self.files_table(folder)), *self.export_notes]

    def __str__(self) -> str:
        return self.text()


def _sizes(report: Mapping[str, Any]) -> list[str]:
    """The sizes an exporter measured: compressed, and of the same file without sparse encoding."""
    names = ("gzip_bytes", "dense_file_bytes")
    return [f"{report[name]:,}" if name in report else "" for name in names]


def choose(results: Sequence[Result], round_: int | None = None) -> Result:
    """Returns the network to use: of a level, the replicate with the best validation.

    Args:
        results: of a search.
        round_: the level; `None` means the last.

    Raises:
        ValueError: if there is no such level.
    """
    levels = [r for r in results if r.arm in (DENSE, TICKET)]
    wanted = max((r.round for r in levels), default=0) if round_ is None else round_
    found = [r for r in levels if r.round == wanted]
    if not found:
        known = sorted({r.round for r in levels})
        raise ValueError(f"`level` must be one of {known}. Received: level={wanted}")
    return best(found)


def remarks(result: Result) -> tuple[str, ...]:
    """Returns what has to be said of a network beside its figures.

    Args:
        result: of any network.

    Returns:
        What `smaller_network` says, and the `remarks` of the log.
    """
    return (*smaller_network(result), *result.log.get("remarks", ()))


def smaller_network(result: Result) -> tuple[str, ...]:
    """Says in words what a network from which channels were removed costs.

    >>> log = {"parameters": 20, "dense_parameters": 100, "flops": 30, "dense_flops": 120}
    >>> result = Result(0, 1, TICKET, 0, 0.8, 20, 100, {}, log)
    >>> smaller_network(result)
    ('the smaller network has 20 of 100 parameters (0.200) and 30 of 120 FLOPs (0.250)',)

    Args:
        result: of any network.

    Returns:
        A sentence, and another on the channels that are gone and those that were asked for; none
        if it is not about channels.
    """
    log = result.log
    if not {"parameters", "dense_parameters", "flops", "dense_flops"} <= set(log):
        return ()
    parts = [
        f"{log[name]:,} of {log[whole]:,} {said} ({log[name] / log[whole]:.3f})"
        for name, whole, said in (
            ("parameters", "dense_parameters", "parameters"),
            ("flops", "dense_flops", "FLOPs"),
        )
    ]
    trained = f"; trained from scratch for {log['budget']}" if "budget" in log else ""
    said = f"the smaller network has {' and '.join(parts)}{trained}"
    return (said, *_channels(log))


def _channels(log: Mapping[str, Any]) -> tuple[str, ...]:
    if "missed" in log:
        return (log["missed"],)
    if not {"num_channels", "dense_channels", "asked_channel_sparsity"} <= set(log):
        return ()
    total = log["dense_channels"]
    return (
        f"{total - log['num_channels']} of {total} removable channels are gone"
        f" ({log['channel_sparsity']:.3f}); channel_sparsity={log['asked_channel_sparsity']:g} was"
        " asked for",
    )
