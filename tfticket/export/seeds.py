"""A supermask's ticket as a seed-only file: seeds, one bit per weight, and nothing to draw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tfticket import files
from tfticket.errors import CorruptFileError, ExportError
from tfticket.export.saved_report import SavedReport
from tfticket.tflite.sizes import sizes
from tfticket.tickets import Ticket

__all__ = ["seed_file"]


def seed_file(ticket: Any, path: str | Path, *, overwrite: bool = False) -> SavedReport:
    """Writes the ticket of a supermask as seeds and masks, and draws it again to compare.

    What was never trained need not be stored: kernels are drawn again from their seeds. The file
    is read by `supermasks.SeedTicket.load(path)`, whose `rebuild(model)` writes the network.

    Args:
        ticket: a `Ticket` that `supermasks.to_plain` or a supermask recipe made, with kernels
            drawn by this package's initialisers; or a `SeedTicket`.
        path: of the file, `.safetensors`; it appears whole or not at all.
        overwrite: whether to replace what tfticket did not write.

    Returns:
        A `SavedReport`, whose samples are the weights: all are equal bit for bit.

    Raises:
        FileExistsError: if something not ours is at `path` and `overwrite` is not set.
        IsADirectoryError: if a folder is at `path`: none is deleted for a file.
        ExportError: if the weights are not what the seeds draw, as of a trained ticket; nothing
            is written.
    """
    from tfticket.supermasks import SeedTicket

    files.require_free(
        path, is_ours=_is_ours(Path(path), SeedTicket), overwrite=overwrite, is_file=True
    )
    seeds = _of_ticket(ticket) if isinstance(ticket, Ticket) else ticket
    with files.new_file(path) as draft:
        seeds.save(draft)
        expected = ticket if isinstance(ticket, Ticket) else seeds.expand()
        _require_same(type(seeds).load(draft).expand(), expected)
        measured = sizes(draft)
    num_weights = seeds.masks.num_weights
    return SavedReport(str(path), measured.raw_bytes, measured.gzip_bytes, num_weights, 0.0, 0.0)


def _is_ours(path: Path, kind: Any) -> bool:
    try:
        kind.load(path)
    except (CorruptFileError, OSError):
        return False
    return True


def _of_ticket(ticket: Ticket) -> Any:
    from tfticket.supermasks import SeedTicket, initializers, maskers

    provenance = ticket.provenance
    drawn_by, masked_by = provenance.get("initializers", {}), provenance.get("maskers", {})
    if set(drawn_by) != set(ticket.masks) or set(masked_by) != set(ticket.masks):
        raise ExportError(
            "only a supermask's ticket, whose kernels were drawn by `supermasks.initializers`, can"
            " be stored as seeds: trained weights cannot be drawn again"
        )
    kernels, drawn, inverted = {}, {}, {}
    for path, mask in ticket.masks.items():
        weight = ticket.weights[path]
        drawn[path] = initializers.get(drawn_by[path])(mask.shape, weight.dtype.name)
        negative = mask & (np.sign(drawn[path]) != np.sign(weight))
        if negative.any():
            inverted[path] = negative
        signs = np.where(negative, -1, mask).astype(np.int8)
        scale = float(maskers.get(masked_by[path]).scale(signs))
        kernels[path] = {"dtype": weight.dtype.name, "scale": scale, "initializer": drawn_by[path]}
    others = {p: a for p, a in ticket.weights.items() if p not in ticket.masks}
    return SeedTicket(ticket.masks, inverted, kernels, others, files.digest(drawn))


def _require_same(found: Ticket, expected: Ticket) -> None:
    """Compares what a reader of the file gets with the ticket, bit for bit."""
    start, wanted = found.start_weights, expected.start_weights
    wrong = [p for p in wanted if p not in start or not _is_equal(start[p], wanted[p])]
    if wrong:
        raise ExportError(
            f"the weights drawn from the seeds are not those of the ticket: {wrong} differ; a"
            " ticket whose weights were trained cannot be stored as seeds"
        )


def _is_equal(left: np.ndarray, right: np.ndarray) -> bool:
    return left.dtype == right.dtype and left.tobytes() == right.tobytes()
