"""The folder of a search: every measurement is in it before it is used."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tfticket import files, weights
from tfticket.compression.candidate import Candidate, Spread
from tfticket.compression.treatment import Treatment
from tfticket.locking import LOCK, locked

__all__ = ["RECORD", "Store", "changes", "identity"]

#: Of the file in the folder that says what was measured.
RECORD = "compression.json"
_FORMAT = 1
_NAMES = "names of its weights"


def identity(model: Any) -> dict[str, Any]:
    """Settings that are of one network only: its weights, and what they are called.

    Args:
        model: of either Keras.
    """
    arrays = weights.read_all(model)
    numbered = {str(number): array for number, array in enumerate(arrays.values())}
    return {"weights of the model": files.digest(numbered), _NAMES: list(arrays)}


def changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Names the settings that are other than they were; nothing if all are the same.

    Args:
        then: plain JSON values by name.
        now: the same of this call.
    """
    changed = sorted(n for n in now if then.get(n) != now[n])
    # Keras numbers layers without a name anew whenever a process makes another.
    hint = " (layers without a name get another one whenever a network is built: give them names)"
    return ", ".join(f"{name}{hint if name == _NAMES else ''}" for name in changed)


@dataclass
class Store:
    """What a search has measured, and the networks and files that it was measured on.

    Args:
        folder: where all of it is.
        settings: what the measurements depend on.
        record: the measurements: plain JSON values by kind and name.
    """

    folder: Path
    settings: dict[str, Any]
    record: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def opened(cls, folder: str | Path, settings: Mapping[str, Any]) -> Iterator[Store]:
        """Opens a new folder, or one that an earlier call has left, for this process alone.

        Args:
            folder: new, empty, or of a search with the same settings.
            settings: plain JSON values.

        Raises:
            FileExistsError: if it is of something else, or of other settings.
            CorruptFileError: if what was written is damaged.
            TicketError: if another process is at work in it.
        """
        folder, own = Path(folder).absolute(), json.loads(json.dumps(settings))
        _read(folder, own)  # nothing is written into what is not ours
        with locked(folder):
            store = cls(folder, own, _read(folder, own))
            if not (folder / RECORD).exists():
                store.write()  # whatever else is in the folder later, it is ours
            yield store

    def get(self, kind: str, name: str) -> Any:
        """Returns a measurement, or `None`.

        Args:
            kind: what was measured.
            name: of what.
        """
        return self.record.get(kind, {}).get(name)

    def put(self, kind: str, name: str, value: Any) -> None:
        """Keeps a measurement, on the disk when this returns.

        Args:
            kind: what was measured.
            name: of what.
            value: plain JSON.
        """
        self.record.setdefault(kind, {})[name] = value
        self.write()

    def write(self) -> None:
        """Writes the settings and all measurements."""
        whole = {"format": _FORMAT, "settings": self.settings, "record": self.record}
        files.write_json(self.folder / RECORD, files.sealed(whole))

    def candidate(self, name: str) -> Candidate | None:
        """Returns a file's measurements, or `None`.

        Args:
            name: of the treatment and the type of the weights.

        Raises:
            FileExistsError: if the file itself is no longer there as it was.
        """
        found = self.get("files", name)
        if found is None or "failed" in found:
            return None
        latency = found["latency"] and Spread(**found["latency"])
        treatment = Treatment(**found["treatment"])
        place = {"path": str(self.file(name)), "treatment": treatment, "latency": latency}
        made = Candidate(**{**found, **place})  # the folder may have been moved
        if files.sha256_of(made.path) != self.get("digests", name):
            raise FileExistsError(
                f"{made.path} must be as it was measured: delete {self.folder}, or put the file"
                " back. Received: another file, or none"
            )
        return made

    def put_candidate(self, name: str, candidate: Candidate) -> None:
        """Keeps a file's measurements.

        Args:
            name: of the treatment and the type of the weights.
            candidate: the measurements.
        """
        self.record.setdefault("digests", {})[name] = files.sha256_of(candidate.path)
        self.put("files", name, candidate.to_dict())

    def weights(self, name: str) -> dict[str, np.ndarray] | None:
        """Returns the weights of a trained network by path, or `None`.

        Args:
            name: of the treatment.
        """
        found = self.get("networks", name)
        if not found or "sha256" not in found:
            return None
        return files.read_arrays(self._weights(name), found["sha256"])

    def put_weights(self, name: str, arrays: Mapping[str, np.ndarray], **known: Any) -> None:
        """Keeps a trained network.

        Args:
            name: of the treatment.
            arrays: all its weights by path.
            **known: what else is known of it.
        """
        sha256 = files.write_arrays(self._weights(name), arrays)
        self.put("networks", name, {**known, "sha256": sha256})

    def file(self, name: str) -> Path:
        """Where a file lies.

        Args:
            name: of the treatment and the type of the weights.
        """
        return self.folder / "files" / f"{name}.tflite"

    def _weights(self, name: str) -> Path:
        return self.folder / "networks" / f"{name}.safetensors"


def _read(folder: Path, settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What a folder has measured; nothing if it is new."""
    path = folder / RECORD
    if not path.exists():
        if folder.exists() and (not folder.is_dir() or not all(map(_is_ours, folder.iterdir()))):
            raise FileExistsError(
                "`out` must be new, empty, or the folder of an earlier call."
                f" Received: {folder}, which has no {RECORD}"
            )
        return {}
    found = files.unsealed(files.read_json(path), path)
    if found.get("format") != _FORMAT:
        raise FileExistsError(
            f"`out` must be a folder of this version of tfticket. Received: {folder}, whose"
            f" {RECORD} has the format {found.get('format')!r}, not {_FORMAT}"
        )
    changed = changes(found["settings"], settings)
    if changed:
        raise FileExistsError(
            "`out` must be new, or the folder of a call with the same network, data and"
            f" settings. Received: {folder}, where other than now: {changed}"
        )
    return found["record"]


def _is_ours(path: Path) -> bool:
    """Whether something is what a call leaves that is killed before its first measurement."""
    return path.name == LOCK or path.name.startswith(f".{RECORD}.")
