"""Ticket: masks, the weights to start from, and where they come from; in memory and on disk."""

from __future__ import annotations

import hashlib
import importlib.metadata
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tfticket import files, weights
from tfticket import masks as masks_
from tfticket._version import __version__
from tfticket.errors import CorruptFileError, FormatError, MismatchError
from tfticket.masks import Masks

__all__ = ["Ticket", "fingerprint"]

_FORMAT = "tfticket.ticket/2"
#: Those that are read: in 1, the provenance told the method under another name.
_READABLE = ("tfticket.ticket/1", _FORMAT)
_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Ticket:
    """A candidate subnetwork: which weights are kept, and the values training starts from.

    Attributes:
        masks: the kept weights by path.
        weights: every variable of the model at the start, by path. Pruned weights hold their
            unmasked values, from which the controls draw; `apply` sets them to 0.
        provenance: how the ticket was found (settings, seeds, round), as plain JSON values.
        optimizer: optimizer state at the start, by name; empty for a start at step 0.
        step: optimizer steps behind the start weights.
        pruned_values: what pruned weights are held at, by path; those of other paths are 0.
    """

    masks: Masks
    weights: Mapping[str, np.ndarray]
    provenance: Mapping[str, Any] = field(default_factory=dict)
    optimizer: Mapping[str, np.ndarray] = field(default_factory=dict)
    step: int = 0
    pruned_values: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = [p for p in self.masks if p not in self.weights]
        if unknown:
            raise MismatchError(f"`weights` must have every masked path: {unknown} are missing.")
        weights.check_shapes(self.masks, self.weights)
        unmasked = [p for p in self.pruned_values if p not in self.masks]
        if unmasked:
            raise MismatchError(f"`pruned_values` must be over masked paths: {unmasked} are not.")
        weights.check_shapes(self.pruned_values, self.masks)

    def __str__(self) -> str:
        return (
            f"Ticket: {self.masks.num_kept} of {self.masks.num_weights} prunable weights kept,"
            f" sparsity {self.masks.sparsity:.4f}, start at step {self.step}"
        )

    @property
    def sparsity(self) -> float:
        """Fraction of the prunable weights masked out."""
        return self.masks.sparsity

    @property
    def start_weights(self) -> dict[str, np.ndarray]:
        """Every variable at the start, pruned weights exactly 0 or at their `pruned_values`."""
        start = masks_.apply(self.weights, self.masks)
        for path, values in self.pruned_values.items():
            start[path] = np.where(self.masks[path], start[path], values).astype(start[path].dtype)
        return start

    def masks_for(self, model: Any) -> Masks:
        """Returns the masks under the weight paths of a model of the same architecture.

        Raises:
            MismatchError: naming the paths or shapes that differ.
        """
        renamed = self._paths_in(model)
        return Masks({renamed[p]: m for p, m in self.masks.items()})

    def pruned_values_for(self, model: Any) -> dict[str, np.ndarray] | None:
        """Returns `pruned_values` under a model's own weight paths, as `enforce` takes them.

        Returns:
            Arrays for every path of the masks; `None` if all pruned weights are 0.

        Raises:
            MismatchError: naming the paths or shapes that differ.
        """
        if not self.pruned_values:
            return None
        renamed = self._paths_in(model)
        zeros = {p: np.zeros(m.shape, self.weights[p].dtype) for p, m in self.masks.items()}
        return {renamed[p]: v for p, v in {**zeros, **self.pruned_values}.items()}

    def _paths_in(self, model: Any) -> dict[str, str]:
        targets = weights.variables(model)
        renamed = weights.align(self.weights, targets)
        weights.check_shapes({t: self.weights[p] for p, t in renamed.items()}, targets)
        return renamed

    def apply(self, model: Any) -> Masks:
        """Writes the start weights into a model, pruned ones as 0.

        The masks are not enforced by this: pass `callbacks.EnforceMasks(ticket)` to `fit`, or
        call `enforce(model, masks)`.

        Args:
            model: a built model of the architecture the ticket was found in; either Keras.

        Returns:
            The masks under the model's own weight paths.

        Raises:
            MismatchError: if the model does not fit; it is left as it was.
        """
        found = self.masks_for(model)
        weights.write(model, self.start_weights)
        return found

    def save(self, folder: str | Path) -> Path:
        """Writes the ticket: a JSON manifest, and a safetensors file with masks bit-packed.

        The manifest is replaced last, so a reader sees the old ticket or the new one.

        Args:
            folder: made if need be; an older ticket in it is replaced.

        Returns:
            The folder.

        Raises:
            FileExistsError: if the folder holds other files and no ticket.
        """
        folder = Path(folder)
        _refuse_foreign(folder)
        arrays = {f"masks/{p}": a for p, a in masks_.pack(self.masks).items()}
        arrays |= {f"weights/{p}": np.asarray(a) for p, a in self.weights.items()}
        arrays |= {f"optimizer/{n}": np.asarray(a) for n, a in self.optimizer.items()}
        arrays |= {f"pruned_values/{p}": np.asarray(a) for p, a in self.pruned_values.items()}
        name = f"tensors-{files.digest(arrays)[:16]}.safetensors"
        sha256 = files.write_arrays(folder / name, arrays)
        files.write_json(folder / _MANIFEST, self._manifest(name, sha256))
        for old in folder.glob("tensors-*.safetensors"):
            if old.name != name:
                old.unlink()
        return folder

    def _manifest(self, name: str, sha256: str) -> dict[str, Any]:
        return {
            "format": _FORMAT,
            "versions": _versions(),
            "fingerprint": fingerprint(self.weights),
            "sparsity": self.sparsity,
            "num_kept": self.masks.num_kept,
            "num_weights": self.masks.num_weights,
            "step": self.step,
            "provenance": dict(self.provenance),
            "masks": {p: list(m.shape) for p, m in self.masks.items()},
            "weights": list(self.weights),
            "optimizer": list(self.optimizer),
            "pruned_values": list(self.pruned_values),
            "tensors": {"file": name, "sha256": sha256},
        }

    @classmethod
    def load(cls, folder: str | Path) -> Ticket:
        """Reads a ticket and checks every byte of it against the manifest.

        Raises:
            FileNotFoundError: if there is no ticket in the folder.
            FormatError: if another version of tfticket wrote it in a format unknown here.
            CorruptFileError: if a file is damaged; the message names it.
        """
        path = Path(folder) / _MANIFEST
        if not path.is_file():
            raise FileNotFoundError(f"`folder` must hold a ticket: there is no {path}.")
        manifest = files.read_json(path)
        if not isinstance(manifest, dict) or "format" not in manifest:
            raise CorruptFileError(f"{path} is not the manifest of a ticket.")
        if manifest["format"] not in _READABLE:
            raise FormatError(
                f"{path} is of the format {manifest['format']!r}, and this version of tfticket"
                f" reads {', '.join(_READABLE)}: install a newer one."
            )
        try:
            return cls._from_manifest(Path(folder), manifest)
        except (KeyError, TypeError) as error:
            raise CorruptFileError(f"{path} is damaged: {error!r} is missing.") from error

    @classmethod
    def _from_manifest(cls, folder: Path, manifest: dict[str, Any]) -> Ticket:
        tensors = manifest["tensors"]
        arrays = files.read_arrays(folder / tensors["file"], tensors["sha256"])
        shapes = {p: tuple(s) for p, s in manifest["masks"].items()}
        return cls(
            masks=masks_.unpack({p: arrays[f"masks/{p}"] for p in shapes}, shapes),
            weights={p: arrays[f"weights/{p}"] for p in manifest["weights"]},
            provenance=manifest["provenance"],
            optimizer={n: arrays[f"optimizer/{n}"] for n in manifest["optimizer"]},
            step=manifest["step"],
            pruned_values={
                p: arrays[f"pruned_values/{p}"] for p in manifest.get("pruned_values", [])
            },
        )


def fingerprint(arrays: Mapping[str, Any]) -> str:
    """SHA-256 over the paths and shapes of a model's variables: equal for equal architectures.

    It is the same in both Kerases: names that Keras numbers itself begin at 0, and states of random
    generators, which only Keras 3 lists, do not count.

    Args:
        arrays: arrays or variables by path.
    """
    paths = [p for p in arrays if not weights.is_random_state(p)]
    named = weights.renumbered(paths)
    lines = [f"{named[p]}:{tuple(arrays[p].shape)}" for p in paths]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _versions() -> dict[str, str]:
    found = {"tfticket": __version__, "python": sys.version.partition(" ")[0]}
    for name in ("tensorflow", "keras", "tf_keras", "numpy"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _refuse_foreign(folder: Path) -> None:
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
