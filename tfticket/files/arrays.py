"""Named arrays in files, with content digests."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tfticket.errors import CorruptFileError
from tfticket.files.atomic import write_bytes

__all__ = ["digest", "read_arrays", "sha256_of", "write_arrays"]


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


def sha256_of(path: str | Path) -> str:
    """SHA-256 of a file, in hexadecimal; nothing for what is no file.

    Args:
        path: of the file.
    """
    path = Path(path)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def digest(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over names, types, shapes and values: equal exactly if all arrays are."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.asarray(arrays[name], order="C")
        total.update(f"{name}:{array.dtype}:{array.shape};".encode())
        is_copied = array.dtype.hasobject  # others have their bytes read where they are
        total.update(array.tobytes() if is_copied else array.reshape(-1).view(np.uint8).data)
    return total.hexdigest()
