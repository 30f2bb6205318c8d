"""Records of a run folder: JSON that says its format, and that nothing in it has changed since."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tfticket import files
from tfticket.errors import CorruptFileError, FormatError

__all__ = [
    "BRANCHES",
    "ENVIRONMENT",
    "FORMAT",
    "PLAN",
    "REPORT",
    "SPEC",
    "advising_repair",
    "differences",
    "is_run_folder",
    "read_record",
    "write_record",
]

#: The records of a run folder as a whole.
SPEC, PLAN, ENVIRONMENT = "spec.json", "plan.json", "environment.json"
BRANCHES, REPORT = "branches.json", "report.json"

#: Of run folders: settings, plan, levels and report change together.
FORMAT = "tfticket.run/3"
_FAMILY = "tfticket.run/"
#: Where a record says which it is, so that two in each other's place are found.
_NAME = "record"


def is_run_folder(path: str | Path) -> bool:
    """Tells whether a path is a run folder.

    Args:
        path: anything.
    """
    return (Path(path) / SPEC).is_file()


@contextlib.contextmanager
def advising_repair() -> Iterator[None]:
    """Adds to what is said of a damaged file in a run folder how it is made anew.

    Raises:
        CorruptFileError: the one that was raised inside, with the advice.
    """
    try:
        yield
    except CorruptFileError as error:
        advice = "Start its run again with `repair` (on the command line --repair) to make it anew."
        raise CorruptFileError(f"{error} {advice}") from error


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Writes a record, atomically.

    Args:
        path: of the file.
        record: plain JSON values by name.
    """
    files.write_json(path, files.sealed({"format": FORMAT, _NAME: path.name, **record}))


def read_record(path: Path) -> dict[str, Any]:
    """Reads what `write_record` wrote.

    Args:
        path: of the file.

    Raises:
        FileNotFoundError: if there is no such file, or settings of another program in its place.
        FormatError: if another version of tfticket wrote it.
        CorruptFileError: if it is damaged; the message names it.
    """
    found = files.read_json(path)
    if not isinstance(found, dict):
        raise CorruptFileError(f"{path} is damaged: it is no record of a run.")
    written = str(found.get("format", ""))
    if not written and "model" in found:  # settings were written without a format once
        written = f"{_FAMILY}1, of tfticket 0.1"
    if written != FORMAT and written.startswith(_FAMILY):
        raise FormatError(
            f"{path} is of a run folder of the format {written}, and this version reads {FORMAT}:"
            " go on with it in the version that began it, or choose another folder."
        )
    if written != FORMAT and path.name == SPEC:
        raise FileNotFoundError(
            f"`path` must be a run folder: {path} is of something else, or was changed."
        )
    if written != FORMAT:
        raise CorruptFileError(f"{path} is damaged: it is no record of a run.")
    record = files.unsealed(found, path)
    if record.pop(_NAME, None) != path.name:
        raise CorruptFileError(f"{path} is damaged: it is another record of a run.")
    return {name: value for name, value in record.items() if name != "format"}


def differences(here: Mapping[str, Any], there: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Returns `{name: (its value here, its value there)}` where two records differ.

    Args:
        here: a record.
        there: another; what it does not have counts as `None`.
    """
    return {
        name: (here.get(name), there.get(name))
        for name in dict.fromkeys([*here, *there])
        if here.get(name) != there.get(name)
    }
