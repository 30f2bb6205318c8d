"""JSON files, sealed where what is in them is believed, and dataclasses as values JSON can hold."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfticket.errors import CorruptFileError
from tfticket.files.atomic import write_bytes

__all__ = ["Plain", "parse_json", "read_json", "sealed", "to_dict", "unsealed", "write_json"]

_SEAL = "sha256"


def write_json(path: str | Path, value: Any) -> None:
    """Writes JSON, indented and with a final newline, atomically.

    Args:
        path: the file; its folder is made if need be.
        value: plain JSON values; NaN and infinity are refused.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    write_bytes(path, f"{text}\n".encode())


def read_json(path: str | Path) -> Any:
    """Reads JSON.

    Raises:
        FileNotFoundError: if there is no such file.
        CorruptFileError: if it is not JSON, or names something twice; the message names the file.
    """
    return parse_json(Path(path).read_bytes(), path)


def parse_json(data: bytes, path: str | Path) -> Any:
    """Reads JSON from memory.

    Args:
        data: UTF-8 text.
        path: what to name it in errors.

    Raises:
        CorruptFileError: if it is not JSON, or names something twice.
    """
    try:
        return json.loads(
            data.decode("utf-8"), object_pairs_hook=_each_once, parse_constant=_no_number
        )
    except (ValueError, RecursionError) as error:
        raise CorruptFileError(f"{path} is damaged: it is not JSON ({error}).") from error


def sealed(record: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a record with a digest over everything else that is in it, as `"sha256"`.

    Args:
        record: plain JSON values by name.
    """
    return {**record, _SEAL: _digest(record)}


def unsealed(record: Any, path: str | Path) -> dict[str, Any]:
    """Returns what was sealed.

    Args:
        record: what was read.
        path: where from, for the message.

    Raises:
        CorruptFileError: unless it is a sealed record in which nothing has changed.
    """
    if not isinstance(record, dict) or _SEAL not in record:
        raise CorruptFileError(f"{path} is damaged: it has no digest of its contents.")
    rest = {name: value for name, value in record.items() if name != _SEAL}
    if record[_SEAL] != _digest(rest):
        raise CorruptFileError(f"{path} is damaged: its contents are not what was written.")
    return rest


class Plain:
    """A dataclass that is also values which JSON can hold."""

    def to_dict(self) -> dict[str, Any]:
        """Returns its fields as values that JSON can hold."""
        return to_dict(self)


def to_dict(value: Any) -> dict[str, Any]:
    """Turns a dataclass into plain values: tuples become lists, infinities text."""
    return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return to_dict(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return str(value)
    return value


def _digest(record: Mapping[str, Any]) -> str:
    text = json.dumps(record, sort_keys=True, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"it names {next(n for n in names if names.count(n) > 1)!r} twice")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")
