"""A Keras model as a `.keras` file that anybody can load without tfticket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tfticket import _keras, files
from tfticket.export import keras_archive
from tfticket.export.checks import require_exportable
from tfticket.export.original import Original
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

    `inputs`, `num_samples`, `overwrite` and what is raised are as in every writer: see
    `tfticket.export`.

    Args:
        model: of either Keras, built, without tfmot's wrappers.
        path: of the file, ending in `.keras`; it appears whole or not at all.

    Returns:
        A `SavedReport`.

    Raises:
        ValueError: besides, for another suffix.
    """
    if Path(path).suffix != ".keras":
        raise ValueError(f"`path` must end in .keras: Keras goes by it. Received: path={path}")
    require_exportable(model)
    files.require_free(
        path, is_ours=archives.is_ours(Path(path)), overwrite=overwrite, is_file=True
    )
    original = Original.of(model, inputs, num_samples)

    def write(draft: Path) -> dict[str, np.ndarray]:
        model.save(str(draft))
        keras_archive.make_plain(draft)
        reloaded = _keras.load_model(model, draft, trust=True, compile=False)
        return reference(reloaded, original.given, original.samples)

    return write_compared(path, original, write, kind=".keras file")
