"""A run that has begun may be asked for more: replicates, controls, files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tfticket.controls import Branch
from tfticket.errors import CorruptFileError
from tfticket.experiments.records import BRANCHES, REPORT, SPEC, read_record, write_record
from tfticket.experiments.spec import GROWING, Spec

__all__ = ["add_branches", "branches_of", "branches_there", "grown"]


def grown(root: Path, spec: Spec) -> tuple[Spec, tuple[Branch, ...]]:
    """Returns what a run folder is to hold: what it was asked for before, and what it is now.

    Where that is more than before, the folder says so from now on, and its report goes, so that it
    is made again. Where other settings differ too, nothing is changed.

    Args:
        root: the run folder; its settings can be read if there are any.
        spec: what is asked for now.

    Returns:
        The spec to go on with, and the controls besides.
    """
    known = branches_of(root)
    if not (root / SPEC).is_file():
        return spec, known
    before, now = read_record(root / SPEC), spec.to_dict()
    if any(before.get(n) != now.get(n) for n in {*before, *now} - set(GROWING)):
        return spec, known
    usual = spec.recipe.usual_controls
    have = {*_pairs(before, usual), *((b.control, v) for b in known for v in b.levels or (0,))}
    new = [pair for pair in _pairs(now, usual) if pair not in have]
    settings = {**before}
    settings["replicates"] = max(before["replicates"], now["replicates"])
    settings["export"] = list(dict.fromkeys([*before["export"], *now["export"]]))
    if new:
        known = add_branches(root, (Branch(c, (v,) if v else ()) for c, v in new))
    if settings != before:
        write_record(root / SPEC, settings)
        (root / REPORT).unlink(missing_ok=True)
    return Spec(**settings), known


def branches_of(root: Path) -> tuple[Branch, ...]:
    """Returns the controls that were asked for after a run had begun.

    Args:
        root: the run folder.

    Raises:
        CorruptFileError: if their record is damaged.
    """
    path = root / BRANCHES
    if not path.is_file():
        return ()
    return tuple(Branch(b["control"], tuple(b["levels"])) for b in read_record(path)["branches"])


def add_branches(root: Path, branches: Iterable[Branch]) -> tuple[Branch, ...]:
    """Asks a run folder for further controls; its report goes, so that it is made again.

    Args:
        root: the run folder.
        branches: what is asked for; what was asked for before is not asked for twice.

    Returns:
        All that are asked for now.
    """
    before = branches_of(root)
    found = tuple(dict.fromkeys([*before, *branches]))
    if found != before:
        write_record(root / BRANCHES, {"branches": [b._asdict() for b in found]})
        (root / REPORT).unlink(missing_ok=True)
    return found


def branches_there(root: Path) -> list[Branch]:
    """Returns every control that is complete, with its level, as far as records can be read.

    Args:
        root: the run folder.
    """
    found = []
    for path in sorted(root.glob("controls/*/level_*/*/metrics.json")):
        with contextlib.suppress(CorruptFileError):
            record = read_record(path)
            found.append(Branch(record["arm"], (record["round"],)))
    return found


def _pairs(settings: Mapping[str, Any], usual: Iterable[str]) -> list[tuple[str, int]]:
    """Every control with its level; 0 stands for the last."""
    controls = usual if settings["controls"] is None else settings["controls"]
    return [(c, level) for c in controls for level in settings["control_levels"] or (0,)]
