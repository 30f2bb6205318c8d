"""Writes plain formats: a file is loaded again and compared before it is handed over."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfticket import files
from tfticket.errors import ExportError
from tfticket.export.original import Original
from tfticket.files import Plain
from tfticket.litert.comparison import largest_difference
from tfticket.litert.evidence import weaknesses
from tfticket.litert.quiet import quiet
from tfticket.tflite.sizes import sizes

__all__ = ["SavedReport", "write_compared"]

TOLERANCE = 1e-5  # of the output range: the same numbers, perhaps in another graph


@dataclass(frozen=True)
class SavedReport(Plain):
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

    def __str__(self) -> str:
        said = (
            f"{self.path}: {self.raw_bytes:,} bytes, gzip -9: {self.gzip_bytes:,} bytes; reloaded,"
            f" differs by {self.relative_diff:.3g} of the output range on {self.num_samples} inputs"
        )
        return "\n".join([said, *(f"  note: {note}" for note in self.notes)])


def write_compared(
    path: str | Path,
    original: Original,
    write: Callable[[Path], Mapping[str, np.ndarray]],
    *,
    kind: str,
    whole: Callable[[str | Path], AbstractContextManager[Path]] = files.new_file,
) -> SavedReport:
    """Writes a file, loads it again, compares and only then hands it over.

    Args:
        path: where it goes; it appears whole or not at all.
        original: the model and its examples.
        write: writes to the path it is given and returns the outputs, by name, that what it
            wrote gives on the examples.
        kind: of file, in words.
        whole: gives the path to write to.

    Raises:
        ExportError: if it cannot be written and loaded again, or computes something else; nothing
            is written.
    """
    with whole(path) as draft:
        with _export_errors(kind), quiet():
            found = write(draft)
        worst = largest_difference(*_common(original, found))
        if worst.relative > TOLERANCE:
            raise ExportError(
                f"the reloaded {kind} does not compute what the model does, nothing was written:"
                f" difference {worst.relative:.3g} of the output range, at most {TOLERANCE:g}"
                " allowed"
            )
    measured = sizes(path)
    return SavedReport(
        path=str(path),
        raw_bytes=measured.raw_bytes,
        gzip_bytes=measured.gzip_bytes,
        num_samples=len(next(iter(original.outputs.values()))),
        max_abs_diff=worst.absolute,
        relative_diff=worst.relative,
        notes=weaknesses(original.outputs),
    )


@contextlib.contextmanager
def _export_errors(kind: str) -> Iterator[None]:
    """Turns what goes wrong while a file is made into `ExportError`."""
    try:
        yield
    except ExportError as error:
        raise ExportError(f"the {kind} was not written: {error}") from error
    except Exception as error:
        said = str(error).strip().splitlines() or [""]
        raise ExportError(
            f"the {kind} could not be written and loaded again, nothing was written:"
            f" {type(error).__name__}: {said[0]}"
        ) from error


def _common(
    original: Original, found: Mapping[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Outputs of the file and of the model on the examples that both were given."""
    counts = {name: min(len(a), len(found[name])) for name, a in original.outputs.items()}
    return (
        {name: found[name][:count] for name, count in counts.items()},
        {name: original.outputs[name][:count] for name, count in counts.items()},
    )
