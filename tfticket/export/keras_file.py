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

__all__ = ["keras_file"]


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
    whoever loads it then runs code from it, or with `custom_objects`.

    Args:
        model: of either Keras, built, without tfmot's wrappers.
        path: of the file, ending in `.keras`; it appears whole or not at all.
        inputs: examples to compare on; drawn with a fixed seed if not given.
        num_samples: examples to compare on, at least 1.
        overwrite: whether to replace what tfticket did not write.

    Returns:
        A `SavedReport`.

    Raises:
        FileExistsError: if something not ours is at `path` and `overwrite` is not set.
        IsADirectoryError: if a folder is at `path`: none is deleted for a file.
        TypeError: for a ticket, which has no layers: apply it to a model.
        ValueError: for an unbuilt or wrapped model, another suffix, or inputs that do not fit.
        ExportError: if the file does not load or computes something else, with the names of the
            layers if that is because of functions or classes of your own; nothing is written.
    """
    if Path(path).suffix != ".keras":
        raise ValueError(f"`path` must end in .keras: Keras goes by it. Received: path={path}")
    require_exportable(model)
    files.require_free(
        path, is_ours=archives.is_ours(Path(path)), overwrite=overwrite, is_file=True
    )
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
