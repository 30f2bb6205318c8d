"""A Keras model as a SavedModel or a `.keras` file that anybody can load without tfticket."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfticket import _keras
from tfticket.errors import ExportError
from tfticket.export import atomic, keras_archive, zipped
from tfticket.export.checks import require_exportable
from tfticket.export.convert import served
from tfticket.export.evidence import require_seeing, require_telling, weaknesses
from tfticket.export.quiet import quiet
from tfticket.export.report import to_dict
from tfticket.export.signature import Signature, reference, signature
from tfticket.export.sizes import Sizes, sizes
from tfticket.export.verify import difference

# Where the format keeps what is not its own; no loader reads it.
MARK = Path("assets.extra") / "tfticket.json"
TOLERANCE = 1e-5  # of the output range: the same numbers, perhaps in another graph
SEED = 0


@dataclass(frozen=True)
class SavedReport:
    """What was written, and how its outputs compare with the model's after reloading.

    Args:
        path: of the file or folder.
        raw_bytes: its size.
        gzip_bytes: the same after `gzip -9` of each file.
        num_samples: examples compared.
        max_abs_diff: largest absolute difference of any output.
        relative_diff: the same, divided by the range of that output.
        notes: what the comparison would not have seen.
    """

    path: str
    raw_bytes: int
    gzip_bytes: int
    num_samples: int
    max_abs_diff: float
    relative_diff: float
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Returns the report as values that JSON can hold."""
        return to_dict(self)

    def __str__(self) -> str:
        said = (
            f"{self.path}: {self.raw_bytes:,} bytes, gzip -9: {self.gzip_bytes:,} bytes; reloaded,"
            f" differs by {self.relative_diff:.3g} of the output range on {self.num_samples} inputs"
        )
        return "\n".join([said, *(f"  note: {note}" for note in self.notes)])


def savedmodel(
    model: Any,
    folder: str | Path,
    *,
    inputs: Any = None,
    num_samples: int = 8,
    overwrite: bool = False,
) -> SavedReport:
    """Writes a SavedModel for inference with one function, `serve`, its default signature.

    Args:
        model: of either Keras, built, without tfmot's wrappers.
        folder: to write; it appears whole or not at all. A name that ends in `.zip` gives one
            archive, with zeros deflated away and the same bytes for the same files.
        inputs: examples to compare on; drawn with a fixed seed if not given.
        num_samples: examples to compare on, at least 1.
        overwrite: whether to replace what tfticket did not write.

    Returns:
        A `SavedReport`.

    Raises:
        FileExistsError: if something not ours is at `folder` and `overwrite` is not set.
        ValueError: for an unbuilt or wrapped model, or inputs that do not fit.
        ExportError: if the folder does not load or computes something else; nothing is written.
    """
    import tensorflow as tf

    target = Path(folder)
    require_exportable(model)
    is_ours = zipped.is_ours(target) if zipped.is_named(target) else (target / MARK).is_file()
    _require_free(target, overwrite, is_ours)
    given, samples = taken(model, inputs, num_samples)
    whole = zipped.new_archive if zipped.is_named(target) else atomic.new_folder
    with whole(target) as draft:
        with export_errors("SavedModel"), quiet():
            module = served(model, given)
            signatures = {"serving_default": module.serve.get_concrete_function()}
            tf.saved_model.save(module, str(draft), signatures=signatures)
            (draft / MARK).parent.mkdir()
            (draft / MARK).write_text(json.dumps({"written_by": "tfticket"}))
            reloaded = tf.saved_model.load(str(draft))  # its functions do not keep it alive
            found = _called(reloaded.serve, given, samples)
        expected = reference(model, given, samples)
        worst = _worst(found, expected, "SavedModel")
    return _report(folder, sizes(target), expected, worst)


def keras_file(
    model: Any,
    path: str | Path,
    *,
    inputs: Any = None,
    num_samples: int = 8,
    overwrite: bool = False,
) -> SavedReport:
    """Writes a `.keras` file for inference: no optimizer, no compile settings.

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
        ValueError: for an unbuilt or wrapped model, another suffix, or inputs that do not fit.
        ExportError: if the file does not load or computes something else; nothing is written.
    """
    if Path(path).suffix != ".keras":
        raise ValueError(f"`path` must end in .keras: Keras goes by it. Received: path={path}")
    require_exportable(model)
    _require_free(Path(path), overwrite, keras_archive.is_ours(Path(path)))
    given, samples = taken(model, inputs, num_samples)
    with atomic.new_file(path) as draft:
        with export_errors(".keras file"), quiet():
            model.save(str(draft))
            keras_archive.make_plain(draft)
            reloaded = _keras.load_model(model, draft, trust=True, compile=False)
            found = reference(reloaded, given, samples)
        return checked_report((path, draft), (model, given), samples, found, ".keras file")


def checked_report(
    paths: tuple[str | Path, Path],
    described: tuple[Any, Signature],
    samples: dict[str, np.ndarray],
    found: Mapping[str, Any],
    what: str,
) -> SavedReport:
    """Compares what a written file computed with the model and reports.

    Args:
        paths: what the file will be, and where it is.
        described: the model and its signature.
        samples: inputs by name.
        found: the outputs of the file, by name.
        what: the kind of file.

    Raises:
        ExportError: if the file computes something else.
    """
    expected = reference(*described, samples)
    worst = _worst(found, expected, what)
    return _report(paths[0], sizes(paths[1]), expected, worst)


def _require_free(path: Path, overwrite: bool, is_ours: bool) -> None:
    is_empty = path.is_dir() and not any(path.iterdir())
    if path.exists() and not (overwrite or is_ours or is_empty):
        raise FileExistsError(
            "the target must be free, or written by tfticket, or `overwrite` set."
            f" Received: path={str(path)!r}, overwrite={overwrite}"
        )


def taken(model: Any, inputs: Any, num_samples: int) -> tuple[Signature, dict[str, np.ndarray]]:
    """Returns a model's signature and the examples to compare on, given or drawn.

    Args:
        model: of either Keras.
        inputs: examples; `None` to draw them with a fixed seed.
        num_samples: how many, at least 1.

    Raises:
        ValueError: for no examples, or some that do not fit or could show nothing.
    """
    if num_samples < 1:
        raise ValueError(f"`num_samples` must be at least 1. Received: num_samples={num_samples}")
    given = signature(model, inputs)
    if inputs is None:
        return given, given.sample(num_samples, SEED)
    samples = given.take(inputs, num_samples)
    require_telling(samples, "inputs")
    return given, samples


@contextlib.contextmanager
def export_errors(what: str) -> Iterator[None]:
    """Turns what goes wrong while a file is made into `ExportError`.

    Args:
        what: the kind of file.
    """
    try:
        yield
    except Exception as error:
        said = str(error).strip().splitlines() or [""]
        raise ExportError(
            f"the {what} could not be written and loaded again, nothing was written:"
            f" {type(error).__name__}: {said[0]}"
        ) from error


def _called(serve: Any, given: Signature, samples: Mapping[str, np.ndarray]) -> dict[str, Any]:
    import tensorflow as tf

    rows = np.arange(given.fixed_batch_size or len(samples[given.names[0]]))
    arrays = [samples[name] for name in given.names]
    outputs = serve(*(tf.constant(array[rows % len(array)]) for array in arrays))
    return {name: np.asarray(tensor) for name, tensor in outputs.items()}


def _worst(found: Mapping[str, Any], expected: Mapping[str, Any], what: str) -> tuple[float, float]:
    require_seeing(expected)
    pairs = []
    for name, array in expected.items():
        num_common = min(len(array), len(found[name]))
        pairs.append(difference(found[name][:num_common], array[:num_common]))
    worst = (max(p[0] for p in pairs), max(p[1] for p in pairs))
    if worst[1] > TOLERANCE:
        raise ExportError(
            f"the reloaded {what} does not compute what the model does, nothing was written:"
            f" difference {worst[1]:.3g} of the output range, at most {TOLERANCE:g} allowed"
        )
    return worst


def _report(
    path: str | Path,
    measured: Sizes,
    expected: Mapping[str, np.ndarray],
    worst: tuple[float, float],
) -> SavedReport:
    num_samples = len(next(iter(expected.values())))
    stored = (measured.raw_bytes, measured.gzip_bytes, num_samples)
    return SavedReport(str(path), *stored, *worst, notes=weaknesses(expected))
