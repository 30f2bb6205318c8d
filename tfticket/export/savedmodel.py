"""A Keras model as a SavedModel that anybody can load without tfticket."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from tfticket import files
from tfticket.export.checks import require_exportable
from tfticket.export.convert import served
from tfticket.export.original import Original
from tfticket.export.saved_report import SavedReport, write_compared
from tfticket.files import archives

__all__ = ["savedmodel", "require_room"]

# Where the format keeps what is not its own; no loader reads it.
MARK = Path("assets.extra") / "tfticket.json"


def savedmodel(
    model: Any,
    path: str | Path,
    *,
    inputs: Any = None,
    num_samples: int = 8,
    overwrite: bool = False,
) -> SavedReport:
    """Writes a SavedModel for inference with one function, `serve`, its default signature.

    `inputs`, `num_samples`, `overwrite` and what is raised are as in every writer: see
    `tfticket.export`.

    Args:
        model: of either Keras, built, without tfmot's wrappers.
        path: of the folder; it appears whole or not at all. A name that ends in `.zip` gives one
            archive, with zeros deflated away and the same bytes for the same files.

    Returns:
        A `SavedReport`.
    """
    require_exportable(model)
    require_room(path, overwrite=overwrite)
    original = Original.of(model, inputs, num_samples)
    whole = archives.new_archive if archives.is_named(Path(path)) else files.new_folder
    return write_compared(
        path, original, lambda draft: _saved(original, draft), kind="SavedModel", whole=whole
    )


def require_room(path: str | Path, *, overwrite: bool = False) -> None:
    """Makes sure that it may be written; see `files.require_free` for what is raised.

    Args:
        path: where it is to be written.
        overwrite: whether it may take the place of anything.
    """
    target = Path(path)
    is_archive = archives.is_named(target)
    is_ours = archives.is_ours(target) if is_archive else (target / MARK).is_file()
    files.require_free(target, is_ours=is_ours, overwrite=overwrite, is_file=is_archive)


def _saved(original: Original, folder: Path) -> dict[str, np.ndarray]:
    """Writes a SavedModel, loads it and returns what it computes."""
    import tensorflow as tf

    module = served(original.model, original.given)
    signatures = {"serving_default": module.serve.get_concrete_function()}
    tf.saved_model.save(module, str(folder), signatures=signatures)
    (folder / MARK).parent.mkdir()
    (folder / MARK).write_text(json.dumps({"written_by": "tfticket"}))
    reloaded = tf.saved_model.load(str(folder))  # its functions do not keep it alive
    return _called(reloaded.serve, original)


def _called(serve: Any, original: Original) -> dict[str, np.ndarray]:
    import tensorflow as tf

    rows = np.arange(original.given.fixed_batch_size or original.num_samples)
    arrays = [original.samples[name] for name in original.given.names]
    outputs = serve(*(tf.constant(array[rows % len(array)]) for array in arrays))
    return {name: np.asarray(tensor) for name, tensor in outputs.items()}
