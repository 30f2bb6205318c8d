"""What a reader of an export's figures should know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tfticket.export.ai_edge import ai_edge_version
from tfticket.export.choices import Quantized
from tfticket.export.original import Original
from tfticket.export.signature import Signature
from tfticket.litert.evidence import weaknesses
from tfticket.tflite.file import File
from tfticket.tflite.tensor_encoding import TensorEncoding

__all__ = ["NOTE_DENSIFY", "NOTE_DIRECT", "NOTE_UNVERIFIED", "larger", "notes", "order", "readers"]

NOTE_DENSIFY = (
    "DENSIFY makes the file smaller and nothing faster: weights are unpacked at load time, so it"
    " runs as fast as the dense file, loads more slowly and takes more memory"
)
NOTE_INT8 = (
    "int8 and dynamic files stay dense, zeros included: they are fast that way, and gzip makes the"
    " zeros small on their way to the user"
)
NOTE_DIRECT = (
    "not for microcontrollers: their runtime takes weights that are sparse for dense ones and says"
    " nothing. Export with sparse='none' for them"
)
NOTE_UNVERIFIED = "this file was never run: verify=False"


def notes(
    kind: Quantized, rows: Sequence[TensorEncoding], original: Original | None
) -> tuple[str, ...]:
    """Returns what is to be said of how a file was made.

    Args:
        kind: of its weights.
        rows: of its weights.
        original: what it was compared with; `None` if it was not.
    """
    found = [] if original else [NOTE_UNVERIFIED]
    found += readers(rows)
    if kind.type in ("dynamic", "int8"):
        found.append(NOTE_INT8)
    if kind.quantizer == "ai-edge":
        found.append(f"rounded by {ai_edge_version()}")
    return (*found, *(weaknesses(original.outputs) if original else ()))


def readers(rows: Sequence[TensorEncoding]) -> tuple[str, ...]:
    """Says what follows from who reads sparse weights.

    Args:
        rows: of the weights.
    """
    read = {row.reader for row in rows}
    known = {"densify": NOTE_DENSIFY, "direct": NOTE_DIRECT}
    return tuple(note for reader, note in known.items() if reader in read)


def larger(dense: File, exact: File, kind: str) -> tuple[str, ...]:
    """Says where smaller numbers made a larger file, and what takes the room.

    Args:
        dense: the file with smaller numbers.
        exact: the same in float32.
        kind: type of the smaller numbers.
    """
    size, before = len(dense.blob), len(exact.blob)
    if size <= before:
        return ()
    tensors: Counter[str] = Counter()
    for operator in dense.operators:
        tensors[operator.name] += len(operator.writes)
    (name, count), *_ = tensors.most_common(1)
    return (
        f"this {kind} file is larger than the dense float32 one, {size:,} bytes and not"
        f" {before:,}: what describes its {tensors.total()} activations, {count} of them made by"
        f" {name}, outweighs what its weights save",
    )


def order(file: File, given: Signature) -> tuple[str, ...]:
    """Says where a file takes its inputs by position in another order than the model.

    Args:
        file: of the model.
        given: the model's own inputs.
    """
    found = file.input_names
    if len(found) < 2 or found == given.names:
        return ()
    return (
        f"by position the file takes its inputs in the order {', '.join(found)}; the model's is"
        f" {', '.join(given.names)}. Give them by name, with `get_signature_runner()`",
    )
