"""A Keras model as a `.keras` file that anybody can load without tfticket."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tfticket import files
from tfticket.export import keras_archive
from tfticket.export.checks import require_exportable
from tfticket.export.original import Original
from tfticket.export.reloading import reload
from tfticket.export.saved_report import SavedReport, write_compared
from tfticket.export.signature import reference
from tfticket.files import archives

__all__ = ["keras_file", "require_room"]


def keras_file(
    model: Any,
    path: str | Path,
    *,
    inputs: Any = None,
    num_samples: int = 8,
    overwrite: bool = False,
) -> SavedReport:
    """Writes a `.keras` file for inference: no optimizer, no compile settings.

    Functions and classes of your own, as in a Lambda, are written as Keras does: the code of a
    `lambda`, the name of others. The report says if the file loads only with `safe_mode=False`, for
    whoever loads it then runs code from it, or with `custom_objects`; and which package of tfticket
    must have been imported for layers of its own.

    `inputs`, `num_samples`, `overwrite` and what is raised are as in every writer: see
    `tfticket.export`.

    Args:
        model: of either Keras, built, without tfmot's wrappers.
        path: of the file, ending in `.keras`; it appears whole or not at all.

    Returns:
        A `SavedReport`.

    Raises:
        ValueError: besides, for another suffix.
        ExportError: besides, with the names of the layers, if the file does not load because of
            functions or classes of your own.
    """
    require_room(path, overwrite=overwrite)
    require_exportable(model)
    original = Original.of(model, inputs, num_samples)

    def outputs(reloaded: Any) -> dict[str, np.ndarray]:
        return reference(reloaded, original.given, original.samples)

    def write(draft: Path) -> dict[str, np.ndarray]:
        model.save(str(draft))
        keras_archive.make_plain(draft)
        found, said = reload(model, draft, outputs)
        notes.extend(said)
        return found

    notes: list[str] = []
    report = write_compared(path, original, write, kind=".keras file")
    return replace(report, notes=(*report.notes, *notes))


def require_room(path: str | Path, *, overwrite: bool = False) -> None:
    """Makes sure that the file may be written; see `files.require_free` for what else is raised.

    Args:
        path: where it is to be written.
        overwrite: whether it may take the place of anything.

    Raises:
        ValueError: for another suffix than `.keras`.
    """
    if Path(path).suffix != ".keras":
        raise ValueError(f"`path` must end in .keras: Keras goes by it. Received: path={path}")
    files.require_free(
        path, is_ours=archives.is_ours(Path(path)), overwrite=overwrite, is_file=True
    )
