"""How the weights of a file are stored, a row each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tfticket.tables import aligned, folded

__all__ = ["Reader", "TensorEncoding", "table"]

Reader = Literal["", "densify", "direct"]
_WIDEST = 80
HEADER = ("weight", "shape", "encoding", "non-zero", "dense", "bytes", "reason")


@dataclass(frozen=True)
class TensorEncoding:
    """How one weight is stored.

    Args:
        name: of the tensor in the file.
        shape: of the dense weight in TFLite's order, `[out, in]` for Dense.
        type: of its elements.
        encoding: `"dense"`, `"csr"`, or the block of a sparse weight, `"1x4"` for instance.
        reader: who reads a sparse weight: `"densify"` unpacks it at load time, `"direct"` means
            that the layer's kernel walks it.
        num_nonzero: values other than zero.
        dense_bytes: bytes of the weight stored densely.
        encoded_bytes: bytes of values, segments and indices as stored; the file's tables add
            about 200 to each sparse weight.
        reason: why it is stored this way.
    """

    name: str
    shape: tuple[int, ...]
    type: str
    encoding: str
    reader: Reader
    num_nonzero: int
    dense_bytes: int
    encoded_bytes: int
    reason: str


def table(rows: Sequence[TensorEncoding]) -> str:
    """Renders rows of weights as aligned text; long reasons stand below it, each once."""
    long = dict.fromkeys(row.reason for row in rows if len(row.reason) > _WIDEST)
    marks = {reason: f"see [{number}]" for number, reason in enumerate(long, 1)}
    cells = [_cells(row, marks.get(row.reason, row.reason)) for row in rows]
    notes = [f"[{number}] {reason}" for number, reason in enumerate(long, 1)]
    wrapped = [folded(f"  {note}", usual=100) for note in notes]
    return "\n".join([aligned(HEADER, cells, len(HEADER), indent=2), *wrapped])


def _cells(row: TensorEncoding, reason: str) -> tuple[str, ...]:
    encoding = f"{row.encoding} {row.reader}".strip()
    shape = "x".join(map(str, row.shape))
    return (
        *(row.name, shape, encoding, f"{row.num_nonzero:,}"),
        *(f"{row.dense_bytes:,}", f"{row.encoded_bytes:,}", reason),
    )
