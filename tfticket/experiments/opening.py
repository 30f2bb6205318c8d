"""open_run: a run folder as objects and arrays."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfticket.errors import MissingDependencyError
from tfticket.experiments.records import ENVIRONMENT, PLAN, read_record
from tfticket.experiments.run_folder import RunFolder
from tfticket.experiments.spec import ExperimentSettings
from tfticket.levels import Level
from tfticket.recipes import RECIPES
from tfticket.reports import plots
from tfticket.reports.outcome import Outcome, choose
from tfticket.reports.results import DENSE, TICKET, Result, headline, summarize
from tfticket.reports.tables import results_rows, results_table
from tfticket.tickets import Ticket

__all__ = ["OpenRun", "open_run"]

_COLUMNS = ("replicate", "round", "arm", "seed", "sparsity", "num_kept", "num_weights")


@dataclass(frozen=True)
class OpenRun:
    """A run that can be looked into; nothing of it is trained, changed or imported.

    Args:
        path: of the run folder.
        settings: every setting, as plain values.
        results: of every trained network.
        outcome: of a finished run, else `None`.
    """

    path: Path
    settings: Mapping[str, Any]
    results: tuple[Result, ...]
    outcome: Outcome | None

    @property
    def chosen(self) -> Result:
        """The ticket to use: of the last level, the replicate with the best validation."""
        return self.outcome.chosen if self.outcome else choose(self.results)

    def changed(self) -> dict[str, Any]:
        """Returns the settings that are not at their defaults; of a recipe of one's own, all."""
        recipe = RECIPES.get(self.settings["recipe"])
        fields = {**ExperimentSettings.model_fields, **(recipe.model_fields if recipe else {})}
        return {
            name: value
            for name, value in self.settings.items()
            if name not in fields or _plain(fields[name].default) != value
        }

    def environment(self) -> dict[str, Any]:
        """Returns when the run was begun, on what machine and with which versions.

        Raises:
            CorruptFileError: if the record is damaged; the message names it.
        """
        return self._record(ENVIRONMENT)

    def plan(self) -> dict[str, Any]:
        """Returns what the run was begun with: the recipe with nothing left open, the training,
        threads, fingerprints; empty as long as nothing was decided.

        Raises:
            CorruptFileError: if the record is damaged; the message names it.
        """
        return self._record(PLAN)

    def level(self, round_: int | None = None, replicate: int | None = None) -> Level:
        """Reads a level: ticket, trained weights, metrics and log.

        Args:
            round_: which; `None` means the last.
            replicate: which; `None` means the one with the best validation at that level.

        Raises:
            ValueError: if there is none.
            CorruptFileError: if a file is damaged; the message names it.
        """
        found = self._chosen(round_, replicate)
        return RunFolder(self.path).level(found.replicate, found.round)

    def ticket(
        self, round_: int | None = None, replicate: int | None = None, control: str | None = None
    ) -> Ticket:
        """Reads a ticket, or a control of it.

        Args:
            round_: which level; `None` means the last.
            replicate: which; `None` means the one with the best validation at that level.
            control: its name; `None` means the ticket itself.

        Raises:
            ValueError: if there is none.
            CorruptFileError: if a file is damaged; the message names it.
        """
        found, folder = self._chosen(round_, replicate), RunFolder(self.path)
        if control is None:
            return Ticket.load(folder.level_folder(found.replicate, found.round) / "ticket")
        if not folder.has_control(found.replicate, found.round, control):
            arms = {r.arm for r in self.results if r.round == found.round}
            there = sorted(arms - {DENSE, TICKET})  # the ticket itself is had by no name
            raise ValueError(
                f"`control` must be one of level {found.round}, which has {there}. Received:"
                f" control={control!r}"
            )
        return Ticket.load(folder.control_folder(found.replicate, found.round, control) / "ticket")

    def columns(self) -> dict[str, np.ndarray]:
        """Returns the results as arrays of one length, by name; NaN where a number is missing."""
        found = {name: np.array([getattr(r, name) for r in self.results]) for name in _COLUMNS}
        noted = [n for r in self.results for n in r.log if r.value(n) is not None]
        for name in dict.fromkeys([*(n for r in self.results for n in r.metrics), *noted]):
            values = [r.value(name) for r in self.results]
            found[name] = np.array([math.nan if v is None else v for v in values])
        return found

    def curve(
        self, round_: int = 0, replicate: int = 0, arm: str | None = None
    ) -> dict[str, np.ndarray]:
        """Returns what was measured on validation data while a network was trained.

        Args:
            round_: its level.
            replicate: its replicate.
            arm: `None` means the dense network or the ticket, else the name of a control.

        Returns:
            Arrays by name, `step` among them; empty if nothing was measured on the way.

        Raises:
            ValueError: if there is no such network.
        """
        arms = (DENSE, TICKET) if arm is None else (arm,)
        for result in self.results:
            if (result.replicate, result.round) == (replicate, round_) and result.arm in arms:
                curve = result.log.get("curve") or {}
                return {
                    name: np.array([math.nan if v is None else v for v in values])
                    for name, values in curve.items()
                }
        raise ValueError(
            f"there is no network of replicate {replicate}, level {round_}"
            f"{'' if arm is None else f', {arm}'} in {self.path}."
        )

    def frame(self) -> Any:
        """Returns the results as a `pandas.DataFrame`, one row per trained network.

        Raises:
            MissingDependencyError: without pandas.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise MissingDependencyError(
                "pandas", purpose="to make a frame", packages="pandas"
            ) from error
        return pd.DataFrame(self.columns())

    def plot(self, metric: str | None = None) -> Any:
        """Draws a metric against sparsity, as a matplotlib figure.

        Args:
            metric: its name; `None` means the test metric that tells most.
        """
        usual = f"test_{headline(n for r in self.results for n in r.metrics)}"
        names = (str(self.settings[n]) for n in ("model", "data", "recipe"))
        return plots.plot_against_sparsity(self.results, metric or usual, plots.title_of(*names))

    def __repr__(self) -> str:
        state = "finished" if self.outcome else "not finished"
        return f"<run {self.path}: {len(self.results)} networks, {state}>"

    def __str__(self) -> str:
        return "\n".join([repr(self)[1:-1], results_table(self.results)])

    def _repr_html_(self) -> str:
        """What notebooks show."""
        header, rows = results_rows(summarize(self.results))
        lines = [_row("th", header), *(_row("td", row) for row in rows)]
        return f"<p>{html.escape(repr(self)[1:-1])}</p><table>{''.join(lines)}</table>"

    def _record(self, name: str) -> dict[str, Any]:
        path = self.path / name
        return read_record(path) if path.is_file() else {}

    def _chosen(self, round_: int | None, replicate: int | None) -> Result:
        if round_ is None and replicate is None:
            return self.chosen
        known = sorted({r.replicate for r in self.results})
        if replicate is not None and replicate not in known:
            raise ValueError(f"`replicate` must be one of {known}. Received: {replicate}")
        return choose([r for r in self.results if replicate in (None, r.replicate)], round_)


def open_run(path: str | Path) -> OpenRun:
    """Opens a run folder to read it, finished or not.

    >>> run = open_run("runs/mnist")  # doctest: +SKIP
    >>> run.columns()["test_accuracy"].mean(), run.ticket().masks.sparsity  # doctest: +SKIP

    Args:
        path: the run folder. Code that its settings name is not imported.

    Raises:
        FileNotFoundError: if it is no run folder.
        FormatError: if another version of tfticket wrote it.
        CorruptFileError: if a record is damaged; the message names it.
    """
    folder = RunFolder(path)
    return OpenRun(folder.root, folder.settings(), tuple(folder.results()), folder.outcome())


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _row(kind: str, cells: list[str]) -> str:
    return "<tr>" + "".join(f"<{kind}>{html.escape(cell)}</{kind}>" for cell in cells) + "</tr>"
