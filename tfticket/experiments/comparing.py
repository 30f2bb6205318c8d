"""compare: several run folders side by side, named by the settings in which they differ."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tfticket.errors import CorruptFileError
from tfticket.experiments.opening import OpenRun, open_run
from tfticket.experiments.records import SPEC, advising_repair
from tfticket.experiments.spec import GROWING
from tfticket.experiments.study import kept_studies
from tfticket.reports.comparison import ComparedRun, Comparison

__all__ = ["compare", "compared", "names_of", "run_folders"]

#: Which settings decide what examples and what fresh network a run has, if nothing else changes.
_DECIDED_BY = {
    "data": ("data", "seed", "validation_size"),
    "network": ("model", "data", "seed", "keras"),
}
_WHAT = {"data": "data", "model": "network"}


def compare(
    paths: str | Path | Sequence[str | Path], *, metric: str = "", every_level: bool = False
) -> Comparison:
    """Puts runs side by side; they may be unfinished. One without a trained network is named.

    Args:
        paths: run folders, or folders with run folders in them; one or several. The first run is
            the one the others are compared with.
        metric: what is compared; left empty, the test metric that tells most.
        every_level: whether every level has a row, or each run's last.

    Raises:
        FileNotFoundError: if there is no run folder.
        ValueError: if no network is trained in any, or there is no such metric.
    """
    paths = [paths] if isinstance(paths, (str, Path)) else list(paths)
    if not paths:
        raise ValueError("`paths` must name at least one run folder. Received: []")
    folders = [folder for path in paths for folder in run_folders(path)]
    with advising_repair():
        runs = [open_run(folder) for folder in folders]
    return compared(runs, metric=metric, every_level=every_level)


def compared(runs: Sequence[OpenRun], *, metric: str = "", every_level: bool = False) -> Comparison:
    """Puts open runs side by side, as `compare` does.

    Args:
        runs: at least one; the first is the one the others are compared with.
        metric: what is compared; left empty, the test metric that tells most.
        every_level: whether every level has a row, or each run's last.

    Raises:
        ValueError: if no network is trained in any, or there is no such metric.
    """
    empty = tuple(str(run.path) for run in runs if not run.results)
    if len(empty) == len(runs):
        raise ValueError(f"a run must have a trained network: {', '.join(empty)}: none yet.")
    runs = [run for run in runs if run.results]
    settings, names = [run.settings for run in runs], names_of(runs)
    known = dict.fromkeys(name for one in settings for name in one)
    differing = {*_differing(settings), *GROWING}
    common = {n: settings[0].get(n) for n in known if n not in differing}
    common = {n: v for n, v in common.items() if n in ("model", "data", "keras", "num_steps")}
    others = {what: _others(what, runs) for what in _DECIDED_BY}
    common = {n: v for n, v in common.items() if not any(others.get(_WHAT.get(n, ""), ()))}
    beside = tuple(
        ComparedRun(name, tuple(run.results), is_other)
        for name, run, is_other in zip(names, runs, others["data"], strict=True)
    )
    remarks = [text for what in others if (text := _remark(what, others[what], names))]
    unfinished = [n for n, run in zip(names, runs, strict=True) if run.outcome is None]
    remarks += [f"{name} is not finished: what there is of it is shown." for name in unfinished]
    return Comparison(beside, common, metric, every_level, empty, tuple(remarks))


def _others(what: str, runs: Sequence[OpenRun]) -> list[bool]:
    """Tells which runs have other data or networks than the first with the same settings."""
    first: dict[tuple[str, ...], str] = {}
    found = []
    for run in runs:
        fingerprint = ""
        with contextlib.suppress(CorruptFileError):
            fingerprint = run.plan().get("fingerprints", {}).get(what, "")
        key = tuple(str(run.settings.get(name)) for name in _DECIDED_BY[what])
        found.append(bool(fingerprint) and first.setdefault(key, fingerprint) != fingerprint)
    return found


def _remark(what: str, are_other: Sequence[bool], names: Sequence[str]) -> str:
    others = [name for name, is_other in zip(names, are_other, strict=True) if is_other]
    if not others:
        return ""
    thing = {"data": "other data", "network": "another network"}[what]
    return (
        f"{' and '.join(others)} {'has' if len(others) == 1 else 'have'} {thing} than a run before"
        " under the same name: what is called so, or a library, has changed in between."
        + (" Its tickets are compared with no other run's." if what == "data" else "")
    )


def names_of(runs: Sequence[OpenRun]) -> list[str]:
    """Returns what tells each run from the others: its recipe, and the settings that differ.

    Args:
        runs: any; of equal settings in two folders each has the path of its own.
    """
    names = [_name(run, runs) for run in runs]
    return names if len(set(names)) == len(names) else [str(run.path) for run in runs]


def run_folders(path: str | Path) -> list[Path]:
    """Returns a run folder, or those below a folder: in the order of its studies, then by name.

    Args:
        path: of a folder.

    Raises:
        FileNotFoundError: if there is none.
    """
    path = Path(path)
    if (path / SPEC).is_file():
        return [path]
    listed = [path / name for study in kept_studies(path) for name in study]
    there = sorted(p.parent for p in path.rglob(SPEC)) if path.is_dir() else []
    found = [p for p in dict.fromkeys([*listed, *there]) if p in there]
    if not found:
        raise FileNotFoundError(f"`path` must be a run folder, or hold some: {path} does not.")
    return found


def _differing(settings: Sequence[Mapping[str, Any]]) -> list[str]:
    names = dict.fromkeys(name for one in settings for name in one)
    return [
        name
        for name in names
        if name not in GROWING and any(one.get(name) != settings[0].get(name) for one in settings)
    ]


def _name(run: OpenRun, runs: Sequence[OpenRun]) -> str:
    """The recipe, and of what differs that which tells this run from others of its recipe."""
    alike = [r.settings for r in runs if r.settings["recipe"] == run.settings["recipe"]]
    changed = run.changed()
    common = [n for n in _differing([r.settings for r in runs]) if n in changed]
    named = {*_differing(alike), *common} - {"recipe"}
    shown = {n: v for n, v in run.settings.items() if n in named}
    recipe = Path(str(run.settings["recipe"])).name
    return " ".join([recipe, *(f"{n}={v}" for n, v in shown.items() if v is not None)])
