"""The run folder: every level on disk as soon as it is trained, and nothing half written.

    spec.json  plan.json  environment.json  metrics.jsonl  report.json
    replicate_0/states/step_0.safetensors
    replicate_0/unfinished/  while a level is made that can go on in the middle
    replicate_0/level_00/  ticket/  trained.safetensors  metrics.json
    controls/replicate_0/level_11/random_sparse/  ticket/  metrics.json

`metrics.json` is written last and holds the digests of the files beside it: a level that has one
is complete, and every byte of it can be checked.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tfticket import files
from tfticket.errors import CorruptFileError
from tfticket.experiments.records import read_record, write_record
from tfticket.levels import Level
from tfticket.reports.results import DENSE, Result, in_order
from tfticket.rewinding import read_state, write_state
from tfticket.tickets import Ticket

__all__ = ["LINES", "LevelStore"]

#: One line per trained network, made of the records of the levels.
LINES = "metrics.jsonl"

_METRICS = "metrics.json"
_TRAINED = "trained.safetensors"


class LevelStore:
    """Keeps levels and controls in a folder; a `Store`.

    Args:
        root: the run folder.
    """

    def __init__(self, root: str | Path):
        self.root = Path(root)

    def level_folder(self, replicate: int, round_: int) -> Path:
        """Returns the folder of a level."""
        return self.root / f"replicate_{replicate}" / f"level_{round_:02d}"

    def control_folder(self, replicate: int, round_: int, control: str) -> Path:
        """Returns the folder of a control; those of two names are never the same."""
        level = self.level_folder(replicate, round_).relative_to(self.root)
        plain = self.root / "controls" / level / re.sub(r"[^\w.-]", "_", control)
        if plain.name == control or _arm(plain) == control:
            return plain
        return plain.with_name(f"{plain.name}-{hashlib.sha256(control.encode()).hexdigest()[:8]}")

    def num_levels(self, replicate: int) -> int:
        """Returns how many levels of a replicate are complete, from level 0 on."""
        count = 0
        while (self.level_folder(replicate, count) / _METRICS).is_file():
            count += 1
        return count

    def level(self, replicate: int, round_: int) -> Level:
        """Reads a level with everything that the next one needs.

        Raises:
            CorruptFileError: if a file is damaged; the message names it.
        """
        folder = self.level_folder(replicate, round_)
        record = _read_record(folder / _METRICS)
        return Level(
            round=round_,
            ticket=Ticket.load(folder / "ticket"),
            trained=read_state(folder / _TRAINED),
            metrics={n: math.nan if v is None else v for n, v in record["metrics"].items()},
            log=record["log"],
            states={
                int(path.stem.removeprefix("step_")): read_state(path)
                for path in sorted(self._states(replicate).glob("step_*.safetensors"))
            },
        )

    def keep_level(self, level: Level, result: Result) -> None:
        """Writes a level and brings `metrics.jsonl` up to date."""
        folder = _emptied(self.level_folder(result.replicate, result.round))
        if level.round == 0:
            states = _emptied(self._states(result.replicate))
            for step, state in level.states.items():
                write_state(states / f"step_{step}.safetensors", state)
        level.ticket.save(folder / "ticket")
        write_state(folder / _TRAINED, level.trained)
        self._complete(folder, result)
        shutil.rmtree(self.unfinished(result.replicate), ignore_errors=True)

    def unfinished(self, replicate: int) -> Path:
        """Returns the folder of what the next level is in the middle of."""
        return self.root / f"replicate_{replicate}" / "unfinished"

    def has_levels(self) -> bool:
        """Tells whether any level or control is complete."""
        return bool(self.complete())

    def has_control(self, replicate: int, round_: int, control: str) -> bool:
        """Tells whether a control is complete."""
        return (self.control_folder(replicate, round_, control) / _METRICS).is_file()

    def keep_control(self, level: Level, result: Result) -> None:
        """Writes a control's ticket and result and brings `metrics.jsonl` up to date."""
        folder = _emptied(self.control_folder(result.replicate, result.round, result.arm))
        level.ticket.save(folder / "ticket")
        self._complete(folder, result)

    def results(self) -> list[Result]:
        """Reads every result: by replicate its levels, then its controls.

        Raises:
            CorruptFileError: if a file is damaged; the message names it.
        """
        return in_order(map(self.result_in, self.complete()))

    def result_in(self, folder: Path) -> Result:
        """Reads the result of a complete level or control.

        Args:
            folder: of it.

        Raises:
            CorruptFileError: if it is damaged; the message names it.
        """
        record = _read_record(folder / _METRICS)
        return Result(**{f.name: record[f.name] for f in dataclasses.fields(Result)})

    def damaged(self) -> dict[Path, list[Path]]:
        """Reads every file of every complete level and control.

        Returns:
            `{folder of a level or control: its damaged files}`, empty if all is well.
        """
        found = {folder: _damaged_in(folder) for folder in self.complete()}
        return {folder: paths for folder, paths in found.items() if paths}

    def remove(self, folders: Iterable[Path]) -> list[Path]:
        """Removes levels or controls, and everything that was made of them.

        Args:
            folders: of levels or controls.

        Returns:
            The folders removed: with a level the levels after it and the controls of all these.
        """
        gone = list(dict.fromkeys(path for folder in folders for path in self._built_on(folder)))
        for folder in gone:
            shutil.rmtree(folder, ignore_errors=True)
        self.write_lines()
        return gone

    def write_lines(self) -> None:
        """Writes `metrics.jsonl` anew from the level files, one line per trained network."""
        lines = [json.dumps(_line(result), ensure_ascii=False) for result in self.results()]
        files.write_bytes(self.root / LINES, "".join(f"{x}\n" for x in lines).encode())

    def _states(self, replicate: int) -> Path:
        return self.root / f"replicate_{replicate}" / "states"

    def _complete(self, folder: Path, result: Result) -> None:
        beside = [p for p in folder.rglob("*") if p.is_file()]
        if result.arm == DENSE:
            beside += self._states(result.replicate).iterdir()
        digests = {os.path.relpath(p, folder): files.sha256_of(p) for p in sorted(beside)}
        write_record(folder / _METRICS, {**result.to_dict(), "files": digests})
        self.write_lines()

    def complete(self) -> list[Path]:
        """Returns the folder of every level and control that is complete, by replicate."""
        found: list[Path] = []
        for replicate in range(_count(self.root, "replicate_{}")):
            found += [self.level_folder(replicate, r) for r in range(self.num_levels(replicate))]
            controls = self.root / "controls" / f"replicate_{replicate}"
            found += sorted(p.parent for p in controls.glob(f"level_*/*/{_METRICS}"))
        return found

    def _built_on(self, folder: Path) -> list[Path]:
        if folder.is_relative_to(self.root / "controls"):
            return [folder]
        controls = self.root / "controls" / folder.parent.name
        found = [*folder.parent.glob("level_*"), *controls.glob("level_*")]
        return [path for path in sorted(found) if _round(path) >= _round(folder)]


def _round(folder: Path) -> int:
    return int(folder.name.removeprefix("level_"))


def _count(root: Path, pattern: str) -> int:
    count = 0
    while (root / pattern.format(count)).is_dir():
        count += 1
    return count


def _emptied(folder: Path) -> Path:
    """Makes a folder anew: what is in it was not completed."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _read_record(path: Path) -> dict[str, Any]:
    record = read_record(path)
    known = {"files", *(f.name for f in dataclasses.fields(Result))}
    if set(record) != known:
        raise CorruptFileError(f"{path} is damaged: it is not the record of a level.")
    return record


def _line(result: Result) -> dict[str, Any]:
    """A level as one line: without its validation curve, which is in `metrics.json`."""
    log = {name: value for name, value in result.log.items() if name != "curve"}
    return {**result.to_dict(), "log": log}


def _damaged_in(folder: Path) -> list[Path]:
    try:
        digests = _read_record(folder / _METRICS)["files"]
    except CorruptFileError:
        return [folder / _METRICS]
    paths = {(folder / name).resolve(): sha256 for name, sha256 in digests.items()}
    return [p for p, sha256 in paths.items() if files.sha256_of(p) != sha256]


def _arm(folder: Path) -> str:
    """Whose a complete folder is; it may be of a version that added no digest to its name."""
    try:
        return read_record(folder / _METRICS)["arm"]
    except (OSError, CorruptFileError, KeyError):
        return ""
