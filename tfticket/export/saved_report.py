"""What a writer of plain formats says: sizes, and how near the reloaded file is to the model."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfticket.errors import ExportError
from tfticket.export.original import Original
from tfticket.files import to_dict
from tfticket.litert.comparison import largest_difference
from tfticket.litert.evidence import weaknesses
from tfticket.tflite.sizes import sizes

__all__ = ["SavedReport", "export_errors", "require_same", "saved_report"]

TOLERANCE = 1e-5  # of the output range: the same numbers, perhaps in another graph


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


def require_same(original: Original, found: Mapping[str, np.ndarray], what: str) -> None:
    """Makes sure that a written file computes what the model does.

    Args:
        original: the model and its examples.
        found: the outputs of the file on them, by name.
        what: the kind of file.

    Raises:
        ExportError: if the file computes something else.
    """
    relative = largest_difference(*_common(original, found)).relative
    if relative > TOLERANCE:
        raise ExportError(
            f"the reloaded {what} does not compute what the model does, nothing was written:"
            f" difference {relative:.3g} of the output range, at most {TOLERANCE:g} allowed"
        )


def saved_report(
    path: str | Path, original: Original, found: Mapping[str, np.ndarray]
) -> SavedReport:
    """Measures a written file or folder and reports.

    Args:
        path: where it is.
        original: the model and its examples.
        found: the outputs of the file on them, by name.
    """
    measured, worst = sizes(path), largest_difference(*_common(original, found))
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


def _common(
    original: Original, found: Mapping[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Outputs of the file and of the model on the examples that both were given."""
    counts = {name: min(len(a), len(found[name])) for name, a in original.outputs.items()}
    return (
        {name: found[name][:count] for name, count in counts.items()},
        {name: original.outputs[name][:count] for name, count in counts.items()},
    )
