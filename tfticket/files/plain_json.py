"""JSON files, and dataclasses as values that JSON can hold."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from tfticket.errors import CorruptFileError
from tfticket.files.atomic import write_bytes

__all__ = ["read_json", "to_dict", "write_json"]


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
        CorruptFileError: if it is not JSON; the message names the file.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise CorruptFileError(f"{path} is damaged: it is not JSON ({error}).") from error


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
