"""A run that has begun may be asked for more: replicates, controls, files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfticket.controls import Branch, make
from tfticket.errors import CorruptFileError
from tfticket.experiments.records import (
    BRANCHES,
    REPORT,
    SPEC,
    advising_repair,
    read_record,
    write_record,
)
from tfticket.experiments.spec import GROWING, Spec

if TYPE_CHECKING:
    from tfticket.experiments.store import LevelStore
    from tfticket.recipes.run import Plan

__all__ = [
    "Asked",
    "add_branches",
    "asked_of",
    "branches_of",
    "branches_there",
    "grown",
    "try_controls",
]


@dataclass(frozen=True)
class Asked:
    """What a run folder is to hold; nothing is written before `keep`.

    Args:
        spec: what it was asked for before, and what it is now.
        branches: the controls besides.
        before: the spec of the folder as it is.
        new: controls with their levels that it was not asked for before; 0 stands for the last.
        is_more: whether anything is asked for that was not before.
    """

    spec: Spec
    branches: tuple[Branch, ...]
    before: Spec
    new: tuple[tuple[str, int], ...] = ()
    is_more: bool = False

    def keep(self, root: Path) -> None:
        """Lets the folder say so from now on; its report goes, so that it is made again.

        Args:
            root: the run folder.
        """
        (root / REPORT).unlink(missing_ok=True)  # before, as in `add_branches`
        add_branches(root, self.branches)
        if self.spec.to_dict() != self.before.to_dict():
            write_record(root / SPEC, self.spec.to_dict())


def grown(root: Path, spec: Spec) -> Asked:
    """Returns what a run folder is to hold: what it was asked for before, and what it is now.

    Where other settings differ too, it is what is asked for now; that will not fit the folder.

    Args:
        root: the run folder; its settings can be read if there are any.
        spec: what is asked for now.
    """
    known = branches_of(root)
    if not (root / SPEC).is_file():
        return Asked(spec, known, spec)
    before, now = read_record(root / SPEC), spec.to_dict()
    if any(before.get(n) != now.get(n) for n in {*before, *now} - set(GROWING)):
        return Asked(spec, known, spec)
    usual = spec.recipe.usual_controls
    have = {*_pairs(before, usual), *((b.control, v) for b in known for v in b.levels or (0,))}
    new = tuple(pair for pair in _pairs(now, usual) if pair not in have)
    settings = {**before}
    settings["replicates"] = max(before["replicates"], now["replicates"])
    settings["export"] = list(dict.fromkeys([*before["export"], *now["export"]]))
    branches = (*known, *(Branch(c, (v,) if v else ()) for c, v in new))
    is_more = bool(new) or settings != before
    return Asked(Spec(**settings), branches, Spec(**before), new, is_more)


def asked_of(folder: LevelStore, spec: Spec) -> Asked:
    """Returns what a run folder is to hold, as `grown` does, if anything is trained in it.

    Args:
        folder: of the run; it need not be there.
        spec: what is asked for now.

    Raises:
        CorruptFileError: if a record is damaged; the message says how it is made anew.
    """
    if not folder.has_levels():
        return Asked(spec, (), spec)
    with advising_repair():
        return grown(folder.root, spec)


def try_controls(plan: Plan, folder: LevelStore, wanted: Iterable[tuple[str, int]]) -> None:
    """Makes each control once, so that one that cannot be made is told before it is asked for.

    Args:
        plan: of the run.
        folder: of the run.
        wanted: names with levels; those that are not trained yet are left out.
    """
    for control, level in wanted:
        if level < folder.num_levels(0):
            initial = plan.recipe.initial_ticket(folder.level(0, level))
            make(control, initial, plan.recipe.network(plan.build(plan.seed), initial), seed=0)


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
        (root / REPORT).unlink(missing_ok=True)  # first: a run that is killed now is unfinished
        write_record(root / BRANCHES, {"branches": [b._asdict() for b in found]})
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
