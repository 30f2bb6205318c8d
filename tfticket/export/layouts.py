"""A dense TFLite file in the first sparse layout that passes every check, or as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tfticket import files
from tfticket.errors import CorruptFileError, ExportError
from tfticket.export.report import Attempt
from tfticket.litert.comparison import Check, Verification
from tfticket.tflite.encoder import Encoded, Encoding, differing_weight, encode_file
from tfticket.tflite.file import File
from tfticket.tflite.flatbuffer import IDENTIFIER
from tfticket.tflite.tensor_encoding import TensorEncoding

__all__ = ["Outcome", "first_sound", "is_tflite", "require_room"]


class Reference(Protocol):
    """What layouts are compared with; `checks` are those it passed itself."""

    @property
    def checks(self) -> tuple[Check, ...]: ...

    def check(self, path: Path, name: str, *, is_direct: bool) -> Verification: ...


@dataclass(frozen=True)
class Outcome:
    """The file that passed, and everything that was tried.

    Args:
        file: that passed.
        layout: its layout.
        rows: how each weight is stored.
        tried: every layout, in the order it was tried.
        checks: every comparison.
    """

    file: File
    layout: str
    rows: tuple[TensorEncoding, ...]
    tried: tuple[Attempt, ...]
    checks: tuple[Check, ...]


def is_tflite(path: Path) -> bool:
    """Tells whether a TFLite file is at a path: it counts as written by this package.

    Args:
        path: anything.
    """
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(8)[4:] == IDENTIFIER


def require_room(path: str | Path, *, overwrite: bool = False) -> None:
    """Makes sure that the file may be written; see `files.require_free` for what is raised.

    Args:
        path: where it is to be written.
        overwrite: whether it may take the place of anything.
    """
    files.require_free(path, is_ours=is_tflite(Path(path)), overwrite=overwrite, is_file=True)


def first_sound(
    dense: File, encodings: Sequence[Encoding], draft: Path, baseline: Reference | None
) -> Outcome:
    """Leaves the first layout that passes in `draft`.

    Args:
        dense: the file.
        encodings: to try, in this order.
        draft: where to write.
        baseline: what each is compared with, by running it; `None` to run nothing.

    Raises:
        ExportError: if none passes.
    """
    tried: list[Attempt] = []
    checks = [] if baseline is None else list(baseline.checks)
    for encoding in encodings:
        encoded = encode_file(dense, encoding)
        name = _layout_name(dense, encoded)
        draft.write_bytes(encoded.blob)
        file, failure = _read_back(dense, encoded)
        if not failure and baseline is not None and file is not dense:
            is_direct = any(row.reader == "direct" for row in encoded.rows)
            verification = baseline.check(draft, name, is_direct=is_direct)
            checks += verification.checks
            failure = verification.reason
        tried.append(Attempt(name, not failure, failure or _reason(name, encoded, baseline)))
        if not failure:
            return Outcome(file, name, encoded.rows, tuple(tried), tuple(checks))
    listed = "; ".join(f"{a.layout}: {a.reason}" for a in tried)
    raise ExportError(f"no layout passed verification, nothing was written. Tried {listed}")


def _layout_name(dense: File, encoded: Encoded) -> str:
    readers = {row.reader for row in encoded.rows} - {""}
    if encoded.blob is dense.blob or not readers:
        return "dense"
    return "compute" if "direct" in readers else "storage"


def _read_back(dense: File, encoded: Encoded) -> tuple[File, str]:
    """Parses what was encoded, and says what is wrong with it; nothing if it is the dense file."""
    if encoded.blob is dense.blob:
        return dense, ""
    if len(encoded.blob) >= len(dense.blob):
        counts = f"{len(encoded.blob)} bytes are not fewer than the dense file's {len(dense.blob)}"
        return dense, f"its {counts}"
    try:
        file = File(encoded.blob)
        return file, differing_weight(dense, file)
    except CorruptFileError as error:
        return dense, str(error)


def _reason(name: str, encoded: Encoded, baseline: Reference | None) -> str:
    said = "smaller than dense"
    if name == "dense":
        elsewhere = (row.reason for row in encoded.rows if row.reason.startswith(("G5", "G6")))
        code = next(elsewhere, "").partition(":")[0]
        said = f"phones would be wrong ({code})" if code else "no weight is smaller encoded"
    return said if baseline is None else f"{said}, passed every comparison"
