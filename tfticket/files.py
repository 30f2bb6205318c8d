"""Files that are never half written: JSON, bytes and named arrays, with content digests."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tfticket.errors import CorruptFileError

__all__ = ["digest", "read_arrays", "read_json", "write_arrays", "write_bytes", "write_json"]


def write_bytes(path: str | Path, data: bytes) -> None:
    """Writes a file so that a reader sees the old content or the new, never a part.

    Args:
        path: the file; its folder is made if need be.
        data: the whole content.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # not `mkstemp`, whose files nobody but their owner may read
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


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


def write_arrays(path: str | Path, arrays: Mapping[str, np.ndarray]) -> str:
    """Writes named arrays in the safetensors format, atomically.

    Args:
        path: the file; its folder is made if need be.
        arrays: arrays by name; of any type NumPy and safetensors share, bfloat16 included.

    Returns:
        The SHA-256 digest of the file, in hexadecimal. The same arrays give the same bytes.
    """
    from safetensors.numpy import save

    # not `ascontiguousarray`, which makes a vector of a scalar
    data = save({name: np.asarray(a, order="C") for name, a in arrays.items()})
    write_bytes(path, data)
    return hashlib.sha256(data).hexdigest()


def read_arrays(path: str | Path, sha256: str | None = None) -> dict[str, np.ndarray]:
    """Reads what `write_arrays` wrote.

    Args:
        path: the file.
        sha256: the digest it must have, if known.

    Raises:
        CorruptFileError: if the file is missing, damaged or has another digest.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    path = Path(path)
    if not path.is_file():
        raise CorruptFileError(f"{path} is missing.")
    data = path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if sha256 is not None and found != sha256:
        raise CorruptFileError(f"{path} is damaged: its SHA-256 is {found}, expected {sha256}.")
    try:
        return load(data)
    except (SafetensorError, ValueError, KeyError) as error:
        raise CorruptFileError(f"{path} is damaged: {error}.") from error


def digest(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over names, types, shapes and values: equal exactly if all arrays are."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.asarray(arrays[name], order="C")
        total.update(f"{name}:{array.dtype}:{array.shape};".encode())
        total.update(array.tobytes())
    return total.hexdigest()
