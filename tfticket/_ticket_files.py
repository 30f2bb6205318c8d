"""A ticket's two files: what is written, and how every byte of it is checked when it is read."""

from __future__ import annotations

import hashlib
import importlib.metadata
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from tfticket import files, masks
from tfticket._version import __version__
from tfticket.errors import CorruptFileError, FormatError, MismatchError
from tfticket.paths import is_random_state, renumbered

__all__ = ["PATTERNS", "fingerprint", "read", "refuse_foreign", "write"]

_FORMAT = "tfticket.ticket/3"
#: Those that are read. Before 3 the manifest had no seal; in 1 the provenance told the method under
#: another name.
_READABLE = ("tfticket.ticket/1", "tfticket.ticket/2", _FORMAT)
_MANIFEST = "manifest.json"
#: The names of its files.
PATTERNS = (_MANIFEST, "tensors-*.safetensors")

_Natural = Annotated[int, Field(ge=0)]
_Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Tensors(BaseModel):
    """The file beside the manifest."""

    model_config = ConfigDict(extra="forbid", strict=True)

    file: Annotated[str, Field(pattern=r"^tensors-[0-9a-f]{16}\.safetensors$")]
    sha256: _Digest


class _Manifest(BaseModel):
    """What a manifest holds, and nothing else."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: str
    versions: dict[str, str]
    fingerprint: _Digest
    sparsity: float
    num_kept: _Natural
    num_weights: _Natural
    step: _Natural
    provenance: dict[str, JsonValue]
    masks: Annotated[dict[str, list[_Natural]], Field(min_length=1)]
    weights: list[str]
    optimizer: list[str]
    pruned_values: list[str] = []
    tensors: _Tensors


def fingerprint(arrays: Mapping[str, Any]) -> str:
    """SHA-256 over the paths and shapes of a model's variables: equal for equal architectures.

    It is the same in both Kerases: names that Keras numbers itself begin at 0, and states of random
    generators, which only Keras 3 lists, do not count.

    Args:
        arrays: arrays or variables by path.
    """
    lasting = [p for p in arrays if not is_random_state(p)]
    named = renumbered(lasting)
    lines = [f"{named[p]}:{tuple(arrays[p].shape)}" for p in lasting]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def write(folder: Path, parts: Mapping[str, Any]) -> None:
    """Writes a ticket; the manifest is replaced last.

    Args:
        folder: of the ticket.
        parts: the attributes of `Ticket` by name.
    """
    packed = {"masks": masks.pack(parts["masks"])}
    packed |= {kind: parts[kind] for kind in ("weights", "optimizer", "pruned_values")}
    arrays = {
        f"{kind}/{n}": np.asarray(a) for kind, found in packed.items() for n, a in found.items()
    }
    name = f"tensors-{files.digest(arrays)[:16]}.safetensors"
    sha256 = files.write_arrays(folder / name, arrays)
    manifest = {
        "format": _FORMAT,
        "versions": _versions(),
        "fingerprint": fingerprint(parts["weights"]),
        **_counts(parts["masks"]),
        "step": parts["step"],
        "provenance": dict(parts["provenance"]),
        "masks": {p: list(m.shape) for p, m in parts["masks"].items()},
        **{kind: list(parts[kind]) for kind in ("weights", "optimizer", "pruned_values")},
        "tensors": {"file": name, "sha256": sha256},
    }
    files.write_json(folder / _MANIFEST, files.sealed(manifest))
    for old in folder.glob("tensors-*.safetensors"):
        if old.name != name:
            old.unlink()


def read(folder: Path) -> dict[str, Any]:
    """Reads a ticket.

    Args:
        folder: of the ticket.

    Returns:
        The attributes of `Ticket` by name.

    Raises:
        FileNotFoundError: if there is no ticket in the folder.
        FormatError: if another version of tfticket wrote it in a format unknown here.
        CorruptFileError: if a file is damaged; the message names it.
    """
    path = folder / _MANIFEST
    if not path.is_file():
        raise FileNotFoundError(f"`folder` must hold a ticket: there is no {path}.")
    manifest = _manifest(files.read_json(path), path)
    arrays = files.read_arrays(folder / manifest.tensors.file, manifest.tensors.sha256)
    shapes = {p: tuple(shape) for p, shape in manifest.masks.items()}
    try:
        parts = {
            "masks": masks.unpack({p: arrays[f"masks/{p}"] for p in shapes}, shapes),
            "provenance": manifest.provenance,
            "step": manifest.step,
            **{
                kind: {n: arrays[f"{kind}/{n}"] for n in getattr(manifest, kind)}
                for kind in ("weights", "optimizer", "pruned_values")
            },
        }
    except (KeyError, MismatchError) as error:
        raise CorruptFileError(
            f"{path} is damaged: the arrays beside it differ: {error}"
        ) from error
    stated = _counts(parts["masks"])
    if manifest.format == _FORMAT:  # it was counted otherwise before
        stated["fingerprint"] = fingerprint(parts["weights"])
    differ = [name for name, value in stated.items() if getattr(manifest, name) != value]
    if differ:
        raise CorruptFileError(
            f"{path} is damaged: {differ} are not those of the arrays beside it."
        )
    return parts


def refuse_foreign(folder: Path) -> None:
    """Makes sure that a ticket may be written to a folder.

    Args:
        folder: of a ticket, empty, or none yet.

    Raises:
        FileExistsError: if it holds other files and no ticket.
    """
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _MANIFEST).is_file():
        foreign = [
            f
            for f in folder.iterdir()
            if not f.name.startswith((".manifest", "tensors-", ".tensors"))
        ]
        if foreign:
            raise FileExistsError(
                f"`folder` must be empty or hold a ticket: {folder} has {foreign[0].name!r} and no"
                f" {_MANIFEST}. Choose another folder."
            )


def _manifest(found: Any, path: Path) -> _Manifest:
    if not isinstance(found, dict) or not isinstance(found.get("format"), str):
        raise CorruptFileError(f"{path} is not the manifest of a ticket.")
    if found["format"] not in _READABLE and found["format"].startswith("tfticket.ticket/"):
        raise FormatError(
            f"{path} is of the format {found['format']!r}, and this version of tfticket"
            f" reads {', '.join(_READABLE)}: install a newer one."
        )
    if found["format"] == _FORMAT:
        found = files.unsealed(found, path)
    try:
        return _Manifest(**found)
    except ValidationError as error:
        first = error.errors()[0]
        where = "/".join(map(str, first["loc"]))
        raise CorruptFileError(f"{path} is damaged: {where}: {first['msg']}.") from error


def _counts(found: masks.Masks) -> dict[str, Any]:
    return {
        "sparsity": found.sparsity,
        "num_kept": found.num_kept,
        "num_weights": found.num_weights,
    }


def _versions() -> dict[str, str]:
    found = {"tfticket": __version__, "python": sys.version.partition(" ")[0]}
    for name in ("tensorflow", "keras", "tf_keras", "numpy"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
