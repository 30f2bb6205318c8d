"""What a run left and where it comes from: its files, settings, versions, seeds and notes."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from tfticket.reports.page.contents import Block, Facts, Missing, Plot, ReportedRun, Table, Text
from tfticket.reports.page.rows import bars
from tfticket.reports.results import DENSE, TICKET

__all__ = ["files", "notes", "provenance"]

#: What the exporters measure, by what it is called.
_SIZES = {"gzip_bytes": "after gzip -9", "dense_file_bytes": "if every zero were stored"}
#: Of an environment, what is no version of a library.
_MACHINE = ("begun", "tfticket", "python", "machine", "system", "num_cpus")
#: Characters of a digest that are shown.
_DIGEST = 16


def files(run: ReportedRun) -> list[Block]:
    """Returns what was exported, with its sizes; what is missing, and why.

    Args:
        run: any.
    """
    title = "Exported files"
    if run.outcome is None:
        return [Missing(title, "Files are written when a run is finished; this one is not.")]
    found = run.outcome
    header, rows = found.files_table()
    table = Table(f"{title}: the numbers", header, rows)
    names = [name for name in found.exports if name in found.files]
    if not names:
        reason = "No network was exported; `tfticket export` writes one of a finished run."
        return [Missing(title, reason), Table("What the run wrote", header, rows)]
    values: dict[str, list[float | None]] = {"as it is": [float(found.files[n]) for n in names]}
    for key, kind in _SIZES.items():
        sizes = [found.exports[n].get(key) for n in names]
        if any(size is not None for size in sizes):
            values[kind] = sizes
    figure = bars(values, names, "bytes")
    each = [f"{name} takes {found.files[name]:,} bytes" for name in names]
    description = f"{'; '.join(each)}. Of a folder its files are added up."
    shown = Plot(title, description, figure, table, found.export_notes)
    measured = [f"{run.path}/{name}" for name in names if name.endswith(".tflite")]
    if not measured:
        return [shown]
    command = shlex.join(["tfticket", "bench", *measured])
    reason = "A run does not measure it, for it depends on the device. This does, where it is run:"
    return [shown, Missing("Latency of the files", f"{reason} {command}")]


def notes(run: ReportedRun) -> list[Block]:
    """Returns what has to be said with the figures.

    Args:
        run: any.
    """
    if run.outcome is None:
        count = len(run.results)
        asked = run.settings.get("replicates", run.num_replicates)
        said = f"Networks trained so far: {count}; replicates: {run.num_replicates} of {asked}."
        return [
            Missing(
                "This run is not finished",
                f"{said} The command below goes on after the last of them, and what needs all of"
                " them, the choice of a ticket and the files, comes at the end.",
            )
        ]
    found = run.outcome
    paragraphs = [
        *(f"Chosen: {found.choice}.", found.budget),
        *(f"Note: {note}." for note in found.notes),
        *(f"Skipped: {name}: {reason}" for name, reason in found.skipped.items()),
    ]
    return [Text("Choice and notes", [text for text in paragraphs if text])]


def provenance(run: ReportedRun) -> Facts:
    """Returns how a run came about: enough to make it again.

    Args:
        run: any.
    """
    environment, plan = run.environment, run.plan
    training = plan.get("training", {})
    seeds = {r.replicate: r.seed for r in run.results if r.arm in (DENSE, TICKET)}
    versions = {n: v for n, v in environment.items() if n not in _MACHINE}
    known = {
        "command": run.command,
        "folder": run.path,
        "begun": environment.get("begun"),
        "tfticket": environment.get("tfticket"),
        "Keras of the network": run.settings.get("keras"),
        "libraries": _listed(versions),
        "machine": _machine(environment),
        "threads": _threads(plan.get("threads")),
        "training": _training(training, run.settings.get("eval_every")),
        "seeds": ", ".join(f"replicate {n}: {seed}" for n, seed in sorted(seeds.items())),
        "split": _split(run),
        "recipe, nothing left open": _listed(plan.get("recipe", {})),
        "fingerprints": _listed({n: v[:_DIGEST] for n, v in plan.get("fingerprints", {}).items()}),
    }
    values = {name: str(value) if value else "not recorded" for name, value in known.items()}
    return Facts("Provenance", values, code=("command", "folder"))


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items() if value is not None)


def _machine(environment: Mapping[str, Any]) -> str:
    if "machine" not in environment:
        return ""
    cpus, python = environment.get("num_cpus"), environment.get("python")
    system = f"{environment.get('system')} on {environment['machine']}"
    return f"{system}, {cpus} processors, Python {python}"


def _threads(found: Mapping[str, Any] | None) -> str:
    if not found:
        return ""
    usual = {0: "as many as TensorFlow chooses"}
    return "; ".join(f"{name.replace('_', ' ')} {usual.get(n, n)}" for name, n in found.items())


def _training(found: Mapping[str, Any], every: int | None) -> str:
    if not found:
        return ""
    measured = f", measured every {every} steps" if every else ""
    return f"{found.get('num_steps'):,} steps of {found.get('batch_size')} examples{measured}"


def _split(run: ReportedRun) -> str:
    size = run.settings.get("validation_size")
    said = f"validation: {size} of train" if size else "validation: the usual of the data"
    return f"{run.settings.get('data')}; {said}; test: never used for any choice"
