"""Ticket: masks, the weights to start from, and where they come from; in memory and on disk."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from tfticket import _ticket_files, hub, weights
from tfticket import masks as masks_
from tfticket._ticket_files import fingerprint
from tfticket.errors import CorruptFileError, MismatchError
from tfticket.masks import Masks

__all__ = ["Ticket", "fingerprint"]

_USE = """import tfticket as tt

ticket = tt.Ticket.from_hub("{repo}")
masks = ticket.apply(model)  # a model of the same architecture; then train with
# model.fit(..., callbacks=[tt.callbacks.EnforceMasks(ticket)])"""


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
        object.__setattr__(self, "masks", Masks(self.masks))
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
        _ticket_files.refuse_foreign(folder)
        _ticket_files.write(folder, {f.name: getattr(self, f.name) for f in fields(self)})
        return folder

    @classmethod
    def load(cls, folder: str | Path) -> Ticket:
        """Reads a ticket and checks every byte of it against the manifest.

        Raises:
            FileNotFoundError: if there is no ticket in the folder.
            FormatError: if another version of tfticket wrote it in a format unknown here.
            CorruptFileError: if a file is damaged; the message names it.
        """
        parts = _ticket_files.read(Path(folder))
        try:
            return cls(**parts)
        except MismatchError as error:
            raise CorruptFileError(f"the ticket in {folder} is damaged: {error}") from error

    def push_to_hub(self, repo_id: str, *, private: bool = False, token: str | None = None) -> str:
        """Puts the ticket into a repository of the Hugging Face Hub, with a model card.

        Args:
            repo_id: `"name"` or `"organisation/name"`; made if there is none.
            private: whether others cannot see a repository that is made.
            token: of an account; `None` means the one that is logged in.

        Returns:
            The address of what was put there.

        Raises:
            MissingDependencyError: if `huggingface_hub` is not installed.
        """
        with tempfile.TemporaryDirectory() as folder:
            saved = self.save(folder)
            text = hub.card(repo_id, [f"{self}."], self.provenance, _USE.format(repo=repo_id))
            options = {"private": private, "token": token}
            return hub.upload(saved, repo_id, text=text, replaced=_ticket_files.PATTERNS, **options)

    @classmethod
    def from_hub(
        cls, repo_id: str, *, revision: str | None = None, token: str | None = None
    ) -> Ticket:
        """Fetches a ticket from the Hugging Face Hub and checks every byte of it.

        Args:
            repo_id: `"name"` or `"organisation/name"`.
            revision: branch, tag or commit; `None` means the newest.
            token: of an account; `None` means the one that is logged in, if one is.

        Raises:
            FileNotFoundError: if there is no ticket in the repository.
            FormatError: if another version of tfticket wrote it in a format unknown here.
            CorruptFileError: if a file is damaged; the message names it.
            MissingDependencyError: if `huggingface_hub` is not installed.
        """
        wanted = _ticket_files.PATTERNS
        return cls.load(hub.download(repo_id, revision=revision, token=token, wanted=wanted))
