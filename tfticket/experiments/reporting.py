"""write_report: runs as one HTML page."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfticket import files
from tfticket.experiments.command import command_of
from tfticket.experiments.comparing import compared, names_of, run_folders
from tfticket.experiments.mask_survey import survey_masks
from tfticket.experiments.opening import OpenRun, open_run
from tfticket.experiments.records import advising_repair
from tfticket.reports.page import (
    Page,
    ReportedRun,
    comparison_section,
    is_page,
    overview,
    plotting_script,
    run_section,
)
from tfticket.reports.page.networks import headline_of

__all__ = ["WrittenReport", "write_report"]


@dataclass(frozen=True)
class WrittenReport:
    """A page that was written.

    Args:
        path: of the file.
        num_bytes: its size.
        runs: state of each run, by its name.
    """

    path: str
    num_bytes: int
    runs: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as plain JSON values."""
        return {"path": self.path, "num_bytes": self.num_bytes, "runs": dict(self.runs)}

    def __str__(self) -> str:
        count = f"{len(self.runs)} run{'s' if len(self.runs) > 1 else ''}"
        unfinished = sum(state != "finished" for state in self.runs.values())
        more = f", {unfinished} of them not finished" if unfinished else ""
        return f"{self.path}: {count}{more}; {self.num_bytes:,} bytes, to be opened in a browser."


#: Runs beyond which each is to be opened by the reader.
_MAX_OPEN = 3


def write_report(
    paths: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    metric: str = "",
    overwrite: bool = False,
) -> WrittenReport:
    """Writes runs, finished or not, as one HTML file that needs no network to be read.

    Args:
        paths: run folders, or folders with run folders in them; one or several. The first run is
            the one the others are compared with.
        out: the file. It appears whole or not at all.
        metric: what networks are shown by; left empty, the test metric that tells most.
        overwrite: whether to replace what tfticket did not write. Pages it wrote are replaced.

    Returns:
        A `WrittenReport`: path, size in bytes, and how far each run is.

    Raises:
        FileNotFoundError: if there is no run folder.
        FileExistsError: if something not ours is at `out` and `overwrite` is not set.
        ValueError: if no network has the metric.
        CorruptFileError: if a record or a ticket is damaged; the message names it.
        MissingDependencyError: without plotly.
    """
    out = Path(out)
    files.require_free(out, is_ours=is_page(out), overwrite=overwrite, is_file=True)
    library = plotting_script()
    given = [paths] if isinstance(paths, (str, Path)) else list(paths)
    if not given:
        raise ValueError("`paths` must name at least one run folder. Received: []")
    folders = dict.fromkeys(folder for path in given for folder in run_folders(path))
    with advising_repair():
        runs = [open_run(folder) for folder in folders]
        page = _page(runs, metric)
    data = page.html(library).encode()
    files.write_bytes(out, data)
    states = {n: "finished" if r.outcome else "unfinished" for n, r in _named(runs).items()}
    return WrittenReport(str(out), len(data), states)


def _page(runs: Sequence[OpenRun], metric: str) -> Page:
    trained = [run for run in runs if run.results]
    known = list(dict.fromkeys(n for run in trained for r in run.results for n in r.metrics))
    if metric and metric not in known:
        raise ValueError(f"`metric` must be one of {known}. Received: metric={metric!r}")
    shown = metric or headline_of([r for run in trained for r in run.results])
    reported = [_reported(name, run) for name, run in _named(runs).items()]
    sections = [run_section(run, shown) for run in reported]
    if len(runs) == 1:
        (section,) = sections
        begun = f"{section.subtitle}{_begun(reported)}"
        return Page(
            section.title, begun, [dataclasses.replace(section, title="Results", subtitle="")]
        )
    left_out = _left_out(reported, shown)
    there = [run for run, r in zip(runs, reported, strict=True) if r.name not in left_out]
    if len(there) > 1:
        beside = compared(there, metric=shown)
        sections.insert(0, comparison_section(beside, list(left_out.values())))
        left_out = {}
    sections.insert(0, overview(reported, shown, list(left_out.values())))
    finished = sum(run.outcome is not None for run in runs)
    subtitle = f"{finished} of them finished{_begun(reported)}"
    return Page(f"{len(runs)} runs", subtitle, sections, is_folded=len(runs) > _MAX_OPEN)


def _left_out(reported: Sequence[ReportedRun], metric: str) -> dict[str, str]:
    """The runs that cannot be compared, each with a sentence why."""
    found = {}
    for run in reported:
        if not run.results:
            found[run.name] = f"{run.name} has no trained network yet."
        elif not any(metric in r.metrics for r in run.results):
            found[run.name] = f"{run.name} was not measured by {metric}."
    return found


def _begun(reported: Sequence[ReportedRun]) -> str:
    known = sorted(str(r.environment["begun"]) for r in reported if "begun" in r.environment)
    return f", begun {known[0].replace('T', ' ')}" if known else ""


def _named(runs: Sequence[OpenRun]) -> dict[str, OpenRun]:
    return dict(zip(names_of(runs), runs, strict=True))


def _reported(name: str, run: OpenRun) -> ReportedRun:
    return ReportedRun(
        name=name,
        path=str(run.path),
        settings=run.settings,
        results=run.results,
        outcome=run.outcome,
        masks=survey_masks(run),
        environment=run.environment(),
        plan=run.plan(),
        command=command_of(run.changed(), run.path),
    )
