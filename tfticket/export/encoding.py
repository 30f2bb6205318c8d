"""Anybody's TFLite file, written again with its zeros encoded and compared with itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tfticket import files
from tfticket.export.choices import ENCODINGS
from tfticket.export.layouts import first_sound, require_room
from tfticket.export.notes import NOTE_UNVERIFIED, readers
from tfticket.export.report import FileReport, differences
from tfticket.litert._litert import runtime_version
from tfticket.litert.drawn import SEEDS, InputShapes, Source
from tfticket.tflite.encoder import Encoding
from tfticket.tflite.file import File
from tfticket.tflite.sizes import gzip_size
from tfticket.tflite.tensor_encoding import TensorEncoding, table

__all__ = ["EncodingReport", "encode_tflite"]


@dataclass(frozen=True, kw_only=True)
class EncodingReport(FileReport):
    """What encoding a file did, besides what a `FileReport` says.

    Args:
        source: the file it was made of.
        source_bytes: size of the source.
        source_gzip_bytes: the same after `gzip -9`.
    """

    source: str
    source_bytes: int
    source_gzip_bytes: int

    def __str__(self) -> str:
        head = (
            f"{self.path}: {self.file_bytes:,} bytes, {self.file_bytes / self.source_bytes:.3f} of"
            f" {self.source}, layout {self.layout}; gzip -9: {self.gzip_bytes:,} bytes,"
            f" {self.gzip_bytes / self.source_gzip_bytes:.3f}"
        )
        tried = [f"  tried {a.layout}: {a.reason}" for a in self.tried]
        found = [f"  {line}" for line in differences(self.kept)]
        notes = [f"  note: {note}" for note in self.notes]
        return "\n".join([head, table(self.tensors), *tried, *found, *notes])


def encode_tflite(
    source: str | Path,
    path: str | Path,
    *,
    sparse: Encoding = "auto",
    input_shapes: InputShapes | None = None,
    verify: bool = True,
    overwrite: bool = False,
) -> EncodingReport:
    """Writes any TFLite file again, each weight sparse where that is smaller and safe.

    Both files run on inputs drawn from two seeds, with and without delegates, in processes of their
    own: what is only unpacked must be equal bit for bit. Where nothing becomes smaller, the new
    file is a copy. Weights that phones would read wrongly stay dense; so do integers.

    Args:
        source: any TFLite file, of whatever origin; it is not changed.
        path: of the new file; it appears whole or not at all.
        sparse: as in `tfticket.export.tflite`.
        input_shapes: as in `tfticket.export.latency`.
        verify: whether to run both.
        overwrite: whether to replace what is no TFLite file. Defaults to False.

    Returns:
        An `EncodingReport`.

    Raises:
        FileNotFoundError: if there is no source.
        CorruptFileError: if it is damaged.
        ValueError: for an unknown choice, or if both paths are the same.
        FileExistsError: if something else is at `path` and `overwrite` is not set.
        ExportError: if the source does not run here, or no copy passes; nothing is written.
        MissingDependencyError: without `ai-edge-litert`.
    """
    _require_possible(source, path, sparse, overwrite)
    dense = File.read(source)
    with files.new_file(path) as draft:
        baseline = Source.of(source, input_shapes or {}) if verify else None
        outcome = first_sound(dense, ENCODINGS[sparse], draft, baseline)
    blob = outcome.file.blob
    return EncodingReport(
        path=str(path),
        source=str(source),
        layout=outcome.layout,
        tensors=outcome.rows,
        file_bytes=len(blob),
        gzip_bytes=gzip_size(blob),
        source_bytes=len(dense.blob),
        source_gzip_bytes=gzip_size(dense.blob),
        tried=outcome.tried,
        verification=outcome.checks,
        runtime=runtime_version(),
        notes=_notes(outcome.rows, verify),
    )


def _require_possible(source: str | Path, path: str | Path, sparse: str, overwrite: bool) -> None:
    if sparse not in ENCODINGS:
        raise ValueError(f"`sparse` must be one of {list(ENCODINGS)}. Received: sparse={sparse!r}")
    if Path(source).resolve() == Path(path).resolve():
        raise ValueError(f"the new file must have another path. Received: path={str(path)!r}")
    require_room(path, overwrite=overwrite)


def _notes(rows: tuple[TensorEncoding, ...], verify: bool) -> tuple[str, ...]:
    ran = f"both ran on inputs drawn from the seeds {SEEDS}" if verify else NOTE_UNVERIFIED
    return (ran, *readers(rows))
